using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.InputCheck;

/// <summary>Counts what the input check warns about.</summary>
internal static class InputCheckExam
{
    private const int FoldSeed = 1;

    /// <param name="folder">Files as they would be uploaded; their names begin with their kind and a hyphen.</param>
    /// <exception cref="IOException">A file is no picture, or there is none.</exception>
    public static IReadOnlyList<ScoredPicture> Pictures(InputCheckNetwork network, string folder) =>
    [
        .. SliceFiles.Of(folder).Select(path => Score(network, Path.GetFileName(path), Read(path)))
            .OrderBy(picture => picture.Score).ThenBy(picture => picture.Name, StringComparer.Ordinal),
    ];

    public static IReadOnlyList<KindOfPictures> Kinds(IEnumerable<ScoredPicture> pictures) =>
    [
        .. pictures.GroupBy(picture => picture.Name.Split('-')[0], StringComparer.Ordinal)
            .OrderBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => new KindOfPictures(kind.Key, kind.Count(), kind.Count(picture => picture.Warned))),
    ];

    /// <summary>Scores every slice by a check that was trained without its group.</summary>
    /// <param name="foldDone">Called after every fold with the fold, from 1, and its scored slices.</param>
    public static HeldOutSlices HeldOut(TrainingData data, int folds, int steps, int seed, Action<int, IReadOnlyList<ScoredPicture>> foldDone, CancellationToken cancellationToken)
    {
        var all = new List<ScoredPicture>();
        foreach (var (split, fold) in GroupSplit.Folds(data.Slices, folds, FoldSeed).Select((split, fold) => (split, fold)))
        {
            using var network = InputCheckTraining.Fit(split.Training, steps, seed, cancellationToken);
            List<ScoredPicture> scored = [.. split.HeldOut.Select(slice => Score(network, slice.Name, slice.Image))];
            all.AddRange(scored);
            foldDone(fold + 1, scored);
        }
        return new HeldOutSlices(data.Sha256, folds, all.Count, all.Count(slice => slice.Warned), all.Max(slice => slice.Score));
    }

    private static GreyImage Read(string path)
    {
        try
        {
            return SlicePreprocessor.Process(File.ReadAllBytes(path)).Image;
        }
        catch (SliceRejectedException exception)
        {
            throw new IOException($"'{path}': {exception.Message} {exception.Action}", exception);
        }
    }

    private static ScoredPicture Score(InputCheckNetwork network, string name, GreyImage image)
    {
        var score = network.Score(image);
        return new ScoredPicture(name, score, InputCheckResult.Of(score).Warning is not null);
    }
}
