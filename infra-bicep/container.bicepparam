using 'main.bicep'

// As dev, with the functions as a container app: where Flex Consumption is not offered.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'container')
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param functionsHosting = 'ContainerApp'
param functionsImage = readEnvironmentVariable('CTSEG_FUNCTIONS_IMAGE', '')
param jobImage = readEnvironmentVariable('CTSEG_JOB_IMAGE', '')
param storageSku = 'Standard_LRS'
param uploadersGroupId = readEnvironmentVariable('CTSEG_UPLOADERS_GROUP', '')
param operatorsGroupId = readEnvironmentVariable('CTSEG_OPERATORS_GROUP', '')
