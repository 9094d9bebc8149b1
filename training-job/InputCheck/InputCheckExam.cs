using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.InputCheck;

/// <summary>Counts what the input check warns about.</summary>
internal static class InputCheckExam
{
    private const int FoldSeed = 1;

    /// <param name="folder">Files as they would be uploaded; their names begin with their kind and a hyphen.</param>
    /// <exception cref="IOException">A file is no picture, or there is none.</exception>
    public static IReadOnlyList<ScoredPicture> Pictures(InputCheckNetwork network, string folder)
    {
        var files = SliceFiles.Of(folder).ToList();
        if (files.Count == 0)
            throw new IOException($"'{folder}' holds no picture: PNG, JPEG and TIFF files are looked at.");
        return [.. files.Select(path => Score(network, Path.GetFileName(path), Read(path))).OrderBy(picture => picture.Score).ThenBy(picture => picture.Name, StringComparer.Ordinal)];
    }

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
        var (all, spoilt) = (new List<ScoredPicture>(), new List<ScoredPicture>());
        foreach (var (split, fold) in GroupSplit.Folds(data.Slices, folds, FoldSeed).Select((split, fold) => (split, fold)))
        {
            using var network = InputCheckTraining.Fit(split.Training, steps, seed, cancellationToken);
            List<ScoredPicture> scored = [.. split.HeldOut.Select(slice => Score(network, slice.Name, slice.Image))];
            all.AddRange(scored);
            spoilt.AddRange(split.HeldOut.SelectMany(slice => Spoil(network, slice)));
            foldDone(fold + 1, scored);
        }
        return new HeldOutSlices(data.Sha256, folds, all.Count, all.Count(slice => slice.Warned), all.Max(slice => slice.Score), Kinds(spoilt));
    }

    private static List<ScoredPicture> Spoil(InputCheckNetwork network, LabelledSlice slice)
    {
        using var scope = NewDisposeScope();
        var picture = InputCheckNetwork.ToPicture(slice.Image);
        (string Kind, Tensor Picture)[] spoilt =
        [
            ("turned", picture.rot90(1, (2, 3))), ("turned", picture.rot90(2, (2, 3))), ("turned", picture.rot90(3, (2, 3))),
            ("upended", picture.flip(2)), ("inverted", picture.neg()),
        ];
        return [.. spoilt.Select(pair => Judge($"{pair.Kind}-{slice.Name}", network.Score(pair.Picture)))];
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

    private static ScoredPicture Score(InputCheckNetwork network, string name, GreyImage image) => Judge(name, network.Score(image));

    private static ScoredPicture Judge(string name, double score) => new(name, score, InputCheckResult.Of(score).Warning is not null);
}
