using 'main.bicep'

// For a first try: processors, the cheapest copies, an alert to nobody.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param storageSku = 'Standard_LRS'
param jobImage = readEnvironmentVariable('CTSEG_JOB_IMAGE', '')
param uploadersGroupId = readEnvironmentVariable('CTSEG_UPLOADERS_GROUP', '')
param operatorsGroupId = readEnvironmentVariable('CTSEG_OPERATORS_GROUP', '')
