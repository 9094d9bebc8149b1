using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Robustness;
using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.InputCheck;

/// <summary>Counts what the input check warns about.</summary>
internal static class InputCheckExam
{
    private const int FoldSeed = 1;

    private static readonly int[] Tilts = [30, 45, 60];

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
        Counted(pictures.Select(picture => (Kind: picture.Name.Split('-')[0], picture)).OrderBy(pair => pair.Kind, StringComparer.Ordinal));

    /// <summary>Scores every slice by a check that was trained without its group: as it is, disturbed, and spoilt.</summary>
    /// <param name="folder">Of the data, for the slices as they are uploaded.</param>
    /// <param name="foldDone">Called after every fold with the fold, from 1, and its scored slices.</param>
    public static HeldOutSlices HeldOut(
        TrainingData data, string folder, int folds, int steps, int seed, Action<int, IReadOnlyList<ScoredPicture>> foldDone, CancellationToken cancellationToken)
    {
        var (all, disturbed, spoilt) = (new List<ScoredPicture>(), new List<(string Kind, ScoredPicture Picture)>(), new List<(string Kind, ScoredPicture Picture)>());
        foreach (var (split, fold) in GroupSplit.Folds(data.Slices, folds, FoldSeed).Select((split, fold) => (split, fold)))
        {
            using var network = InputCheckTraining.Fit(split.Training, steps, seed, stepDone: null, cancellationToken);
            List<ScoredPicture> scored = [.. split.HeldOut.Select(slice => Score(network, slice.Name, slice.Image))];
            all.AddRange(scored);
            disturbed.AddRange(split.HeldOut.SelectMany(slice => Disturb(network, slice, TrainingData.Upload(folder, slice.Name))));
            spoilt.AddRange(split.HeldOut.SelectMany(slice => Spoil(network, slice)));
            foldDone(fold + 1, scored);
        }
        return new HeldOutSlices(data.Sha256, folds, all.Count, all.Count(slice => slice.Warned), all.Max(slice => slice.Score), Counted(disturbed), Counted(spoilt));
    }

    /// <summary>What must not be warned about: all that uploads may differ by.</summary>
    private static IEnumerable<(string Kind, ScoredPicture Picture)> Disturb(InputCheckNetwork network, LabelledSlice slice, GreyImage upload) =>
        Disturbance.All.Skip(1).Select(disturbance => (
            disturbance.Name, Score(network, slice.Name, SlicePreprocessor.Resize(disturbance.Apply(upload, slice.Mask).Slice))));

    private static List<(string Kind, ScoredPicture Picture)> Spoil(InputCheckNetwork network, LabelledSlice slice)
    {
        using var scope = NewDisposeScope();
        var picture = InputCheckNetwork.ToPicture(slice.Image);
        (string Kind, Tensor Picture)[] spoilt =
        [
            .. Tilts.SelectMany(tilt => new[] { -tilt, tilt }.Select(degrees => ($"turned by {tilt} degrees", InputCheckNetwork.ToPicture(Turn(slice, degrees))))),
            .. Enumerable.Range(1, 3).Select(quarters => ("turned by quarters", picture.rot90(quarters, (2, 3)))),
            ("front and back changed", picture.flip(2)), ("inverted", picture.neg()),
        ];
        return [.. spoilt.Select(pair => (pair.Kind, Judge(slice.Name, network.Score(pair.Picture))))];
    }

    private static GreyImage Turn(LabelledSlice slice, int degrees) =>
        Movement.Apply(slice.Image, new LesionMask(slice.Image.Width, slice.Image.Height, new byte[slice.Image.Pixels.Length]), degrees, scale: 1).Slice;

    private static IReadOnlyList<KindOfPictures> Counted(IEnumerable<(string Kind, ScoredPicture Picture)> pictures) =>
    [
        .. pictures.GroupBy(pair => pair.Kind, StringComparer.Ordinal).Select(kind => new KindOfPictures(kind.Key, kind.Count(), kind.Count(pair => pair.Picture.Warned))),
    ];

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
