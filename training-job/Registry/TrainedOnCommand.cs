using System.CommandLine;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models trained-on`.</summary>
internal static class TrainedOnCommand
{
    private static readonly Option<string> Data = TrainingData.CreateOption();
    private static readonly Option<string> Model = PathOption.Required("--model", "Model folder.");

    public static Command Create()
    {
        var command = new Command("trained-on", """
            Note in a model folder, by hashes, which pictures the model has learnt from. 'train' does so by itself; this is for models from before.

            Example:
              models trained-on --model training-job/weights/2026.3 --data DATA
            """)
        {
            Data, Model,
        };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            () =>
            {
                var folder = arguments.GetValue(Model)!;
                var manifest = ModelFolder.ReadManifest(folder);
                var data = TrainingData.Load(arguments.GetValue(Data)!);
                if (manifest.ParentVersion is not null)
                    throw new TrainingDataException($"{manifest.Version} goes on from {manifest.ParentVersion}: one data folder does not tell all that it has learnt from.");
                if (manifest.Training?.DataSha256 != data.Sha256)
                    throw new TrainingDataException($"{manifest.Version} was not trained with this data: give the folder that it was trained with.");
                var learnt = TrainingRun.LearntFrom(manifest.Version, data.Slices.Where(slice => !manifest.Training.HeldOutGroups.Contains(slice.Group)));
                ModelFolder.WriteTrainedOn(folder, learnt);
                Console.WriteLine($"{Path.Combine(folder, ModelFolder.TrainedOnName)}: {learnt.Pictures.Count} pictures");
                return Task.FromResult(ExitCodes.Success);
            },
            cancellationToken));
        return command;
    }
}
