using System.CommandLine;
using CtSeg.Models;
using CtSeg.Preprocessing;
using CtSeg.TrainingJob.Attention;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Training;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`ctseg-job new-model`: a model folder with random weights from a seed, for tests of everything around the model.</summary>
internal static class NewModelCommand
{
    private const int SettlingPasses = 30;

    private static readonly Option<string> Out = PathOption.Required("--out", "Folder to write.");
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

    /// <exception cref="InvalidDataException">The configuration is not valid, or the folder has a name that no model may have.</exception>
    public static ModelManifest Create(string folder, ModelConfiguration configuration, int seed, TimeProvider time)
    {
        var version = ModelVersion.Of(folder, given: null);
        configuration = AttentionChoice.Decide(configuration, SlicePreprocessor.Side);
        manual_seed(seed);
        using var network = new ResidualAttentionUNet(configuration);
        SettleNormalisation(network);
        var manifest = TrainingRun.NewManifest(version, configuration, time) with { WeightsLicence = "MIT" };
        return ModelFolder.Save(folder, manifest, network);
    }

    /// <summary>
    /// Lets the batch normalisation see blotchy pictures: with its first statistics a random network calls every pixel the same
    /// class, and masks of one colour would test little.
    /// </summary>
    private static void SettleNormalisation(ResidualAttentionUNet network)
    {
        using var noGradient = no_grad();
        network.train();
        for (var pass = 0; pass < SettlingPasses; pass++)
        {
            using var scope = NewDisposeScope();
            var blotches = nn.functional.interpolate(rand(2, 1, 8, 8), [96, 96], mode: InterpolationMode.Bilinear, align_corners: false);
            network.call(blotches.mul(Kept(2)).sub(Kept(1)));
        }
    }
}
