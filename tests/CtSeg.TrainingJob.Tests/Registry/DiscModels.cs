using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Training;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Registry;

/// <summary>Slices with a disc of every class, told apart by their grey, and small models that find them.</summary>
internal static class DiscModels
{
    private const int Side = 369;

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
            .Execute(options, new TrainingData(Slices(16, seed: 99), new string('a', 64)), new PlainProgress(TextWriter.Null), CancellationToken.None);
        return folder;
    }

    private static LabelledSlice Slice(string name, string group, Random random)
    {
        var (pixels, labels) = (new byte[Side * Side], new byte[Side * Side]);
        random.NextBytes(pixels);
        for (var at = 0; at < pixels.Length; at++)
            pixels[at] = (byte)(20 + (pixels[at] / 32));
        // One in every third, so that they do not cover each other.
        var order = Enumerable.Range(1, 3).ToArray();
        random.Shuffle(order);
        for (var third = 0; third < 3; third++)
            Draw(pixels, labels, order[third], (third * 123) + random.Next(50, 73), random.Next(60, 309), random.Next(28, 46));
        return new LabelledSlice(name, group, new GreyImage(Side, Side, pixels), new LesionMask(Side, Side, labels));
    }

    private static void Draw(byte[] pixels, byte[] labels, int label, int centreX, int centreY, int radius)
    {
        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++)
            {
                if (((x - centreX) * (x - centreX)) + ((y - centreY) * (y - centreY)) > radius * radius)
                    continue;
                pixels[(y * Side) + x] = (byte)(20 + (75 * label));
                labels[(y * Side) + x] = (byte)label;
            }
    }
}
