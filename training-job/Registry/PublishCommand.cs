using System.CommandLine;
using CtSeg.Erasure;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models publish FOLDER`.</summary>
internal static class PublishCommand
{
    private static readonly Argument<string> Folder = new Argument<string>("FOLDER") { Description = "Model folder, as 'train' writes it." }.AcceptNoEmptyPath();

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("publish", "Bring a model folder into the storage under its version, which never changes then. It does not serve by that.") { Folder };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var folder = arguments.GetValue(Folder)!;
                // Loaded once, so that what cannot serve is not published.
                using (var loaded = Inference.SliceSegmenter.Load(folder))
                    cancellationToken.ThrowIfCancellationRequested();
                var manifest = ModelFolder.ReadManifest(folder);
                var trainedOn = ModelFolder.FindTrainedOn(folder, manifest.Version);
                var registry = open(null);
                var holdsErased = false;
                await registry.Models.PublishAsync(
                    manifest,
                    BinaryData.FromBytes(await File.ReadAllBytesAsync(Path.Combine(folder, ModelFolder.ManifestName), cancellationToken)),
                    BinaryData.FromBytes(await File.ReadAllBytesAsync(Path.Combine(folder, ModelFolder.WeightsName), cancellationToken)),
                    trainedOn, async token => holdsErased = await new ErasureMarks(registry.Storage, registry.Time).MarkAsync(manifest, trainedOn, token), cancellationToken);
                Console.WriteLine($"{manifest.Version} is published; 'models promote {manifest.Version}' puts it into use.");
                if (holdsErased)
                    await Console.Error.WriteLineAsync($"Data that {manifest.Version} has learnt from were erased: it is marked, and promoted by force only. Train another without them.");
                if (trainedOn is null)
                    await Console.Error.WriteLineAsync($"The folder has no {ModelFolder.TrainedOnName}, so that the model cannot be compared with others: 'models trained-on' writes it from the data folder.");
                return ExitCodes.Success;
            },
            cancellationToken));
        return command;
    }
}
