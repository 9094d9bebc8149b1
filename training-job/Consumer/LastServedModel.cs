using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary><c>last-served.json</c>: the last model that served an account on this machine, for a start at which the alias is of no use.</summary>
/// <param name="folder">Of the account (<see cref="AccountFolder"/>).</param>
internal sealed class LastServedModel(string folder)
{
    private const string FileName = "last-served.json";
    private readonly string _file = Path.Combine(folder, FileName);

    /// <returns>Null where none is noted, or nothing that could be a model.</returns>
    public ServedModel? Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(_file), ModelsJson.Default.ServedModel) is { } model && StorageModels.IsPlausible(model) ? model : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <returns>False where the disk refuses: that is no reason not to serve.</returns>
    public bool TryWrite(ServedModel model)
    {
        try
        {
            Directory.CreateDirectory(folder);
            ModelFolder.ReplaceFile(_file, JsonSerializer.SerializeToUtf8Bytes(model, ModelsJson.Default.ServedModel));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
