using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Training;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Registry;

/// <summary>Small models that find the discs of <see cref="DiscSlice"/>.</summary>
internal static class DiscModels
{
    private static readonly Lazy<TemporaryFolder> Trained = new(Train);

    /// <param name="seed">Another one gives other slices.</param>
    public static IReadOnlyList<LabelledSlice> Slices(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(at => Slice($"s{seed}-{at:00}", $"g{seed}-{at:00}", random))];
    }

    /// <summary>A model folder.</summary>
    /// <param name="blindFor">A class that it never finds; 0 for none.</param>
    /// <param name="trainedOn">Null where nobody is to know.</param>
    public static string Write(string folder, string version, int blindFor, IReadOnlyList<PictureIdentity>? trainedOn)
    {
        var (manifest, network, check) = ModelFolder.Load(Trained.Value["model"]);
        using (network)
        using (check)
        using (no_grad())
        {
            if (blindFor > 0)
                network.state_dict()["classifier.bias"][blindFor].sub_(Kept(1000));
            if (trainedOn is not null)
                ModelFolder.WriteTrainedOn(folder, TrainedOn.Of(version, null, trainedOn, []));
            ModelFolder.Save(folder, manifest with { Version = version }, network, check);
        }
        return folder;
    }

    private static TemporaryFolder Train()
    {
        var folder = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        var options = new TrainingOptions
        {
            Configuration = ResidualAttentionUNetTests.Tiny with { AttentionLevels = [3], InputSide = 48 },
            Epochs = 40,
            InputSize = 48,
            BatchSize = 4,
            HeldOutShare = 0,
            InputCheckSteps = 0,
            ScoreEvery = 0,
            LearningRate = 1e-2,
            AverageDecay = 0.9,
        };
        new TrainingRun(folder["model"], "trained", TimeProvider.System)
            .Execute(options, new TrainingData(Slices(16, seed: 99), new string('a', 64)), new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);
        return folder;
    }

    private static LabelledSlice Slice(string name, string group, Random random)
    {
        var (image, mask) = DiscSlice.Draw(random);
        return new LabelledSlice(name, group, image, mask);
    }
}
