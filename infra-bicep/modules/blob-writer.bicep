targetScope = 'subscription'

metadata description = 'A role of our own: what Storage Blob Data Contributor may do with blobs, and delete their versions. An erasure must leave none; the built-in role that may do so is the owner\'s.'

@description('Name of the environment: role names are unique in a directory.')
param environmentName string

@description('Id of the role.')
param roleId string

@description('Resource group in which it may be given.')
param resourceGroupName string

var blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs'

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: roleId
  properties: {
    roleName: 'CtSeg blob writer (${environmentName})'
    description: 'Reads, writes and deletes blobs, their versions and snapshots.'
    type: 'CustomRole'
    assignableScopes: ['${subscription().id}/resourceGroups/${resourceGroupName}']
    permissions: [
      {
        actions: ['Microsoft.Storage/storageAccounts/blobServices/containers/read']
        dataActions: ['${blobs}/read', '${blobs}/write', '${blobs}/add/action', '${blobs}/delete', '${blobs}/deleteBlobVersion/action']
        notActions: []
        notDataActions: []
      }
    ]
  }
}
