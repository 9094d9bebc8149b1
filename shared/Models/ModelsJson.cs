using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.Models;

/// <summary>JSON of the documents in `models/`; unknown properties are ignored, so that newer documents stay readable.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ModelManifest))]
[JsonSerializable(typeof(CurrentModel))]
public sealed partial class ModelsJson : JsonSerializerContext;
