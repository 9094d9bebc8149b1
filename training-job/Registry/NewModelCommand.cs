using System.CommandLine;
using CtSeg.Models;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`ctseg-job new-model`: a model folder with random weights from a seed, for tests of everything around the model.</summary>
internal static class NewModelCommand
{
    private static readonly Option<string> Out = new("--out") { Required = true, Description = "Folder to write." };
    private static readonly Option<string> Architecture = new("--arch") { DefaultValueFactory = _ => Architectures.Full, Description = "m, m-a, m-r or unet." };
    private static readonly Option<int> BaseChannels = new("--base-channels") { DefaultValueFactory = _ => 4, Description = "Channels of the first level." };
    private static readonly Option<int[]> AttentionLevels = new("--attention-levels")
    {
        DefaultValueFactory = _ => [3],
        AllowMultipleArgumentsPerToken = true,
        Description = "Decoder levels that attend, 0 (full resolution) to 3.",
    };
    private static readonly Option<int> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "Decides the weights." };

    public static Command Create()
    {
        var command = new Command("new-model", "Write an untrained model, for tests.") { Out, Architecture, BaseChannels, AttentionLevels, Seed };
        command.SetAction(arguments =>
        {
            var configuration = new ModelConfiguration
            {
                Architecture = arguments.GetValue(Architecture)!,
                BaseChannels = arguments.GetValue(BaseChannels),
                AttentionLevels = arguments.GetValue(AttentionLevels)!,
            };
            return Run(Path.GetFullPath(arguments.GetValue(Out)!), configuration, arguments.GetValue(Seed), TimeProvider.System);
        });
        return command;
    }

    private static int Run(string folder, ModelConfiguration configuration, int seed, TimeProvider time)
    {
        try
        {
            var manifest = Create(folder, configuration, seed, time);
            Console.WriteLine($"{folder}: untrained {configuration.Architecture}, weights {manifest.WeightsSha256}");
            return ExitCodes.Success;
        }
        catch (InvalidDataException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return ExitCodes.Usage;
        }
    }

    /// <exception cref="InvalidDataException">The configuration is not valid.</exception>
    public static ModelManifest Create(string folder, ModelConfiguration configuration, int seed, TimeProvider time)
    {
        manual_seed(seed);
        using var network = new ResidualAttentionUNet(configuration);
        var manifest = TrainingRun.NewManifest(Path.GetFileName(folder), configuration, time) with { WeightsLicence = "MIT" };
        return ModelFolder.Save(folder, manifest, network);
    }
}
