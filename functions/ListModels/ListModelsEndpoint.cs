using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Functions.Protocol;
using CtSeg.Models;

namespace CtSeg.Functions;

/// <summary><c>GET /api/models</c></summary>
internal sealed class ListModelsEndpoint(BlobServiceClient storage)
{
    public const string Name = "ListModels";
    public const string Route = "models";

    public async Task RunAsync(HttpContext context)
    {
        var catalogue = await ModelCatalogue.ReadAsync(storage, context.RequestAborted);
        await Reply.WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(catalogue, ModelsJson.Default.ModelCatalogue));
    }
}
