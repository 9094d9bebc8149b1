using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>Slices of a data set as trainer and evaluator take them.</summary>
internal static class LabelledSlices
{
    private const int ReadsAtOnce = 8;

    /// <summary>Reads images and masks, checks their hashes and preprocesses them.</summary>
    /// <returns>In the order of the slices; the name of each is its id, so that no report tells of a patient.</returns>
    /// <exception cref="DamagedDataException">A file is missing, has another hash or cannot be used; the message names the slice by its id, and says what to do.</exception>
    public static async Task<IReadOnlyList<LabelledSlice>> LoadAsync(DataSetStore store, IReadOnlyList<DataSetSlice> slices, CancellationToken cancellationToken)
    {
        var loaded = new List<LabelledSlice>(slices.Count);
        foreach (var some in slices.Chunk(ReadsAtOnce))
            loaded.AddRange(await Task.WhenAll(some.Select(slice => LoadAsync(store, slice, cancellationToken))));
        return loaded;
    }

    private static async Task<LabelledSlice> LoadAsync(DataSetStore store, DataSetSlice slice, CancellationToken cancellationToken)
    {
        try
        {
            var image = await store.ReadImageAsync(slice.ImageSha256, cancellationToken);
            var mask = await store.ReadMaskAsync(slice.MaskSha256, cancellationToken);
            var (preprocessed, labels) = (SlicePreprocessor.Process(image.ToMemory()), MaskPng.Read(mask.ToMemory()));
            MaskShape.RequireSame(preprocessed.Original, labels);
            return new LabelledSlice(slice.Id.ToString(), slice.Group, preprocessed.Image, labels);
        }
        catch (Exception e) when (e is SliceRejectedException or DamagedDataException)
        {
            throw new DamagedDataException(
                $"The training slice {slice.Id} cannot be used: {e.Message} Import it again, correct it again, or remove it by 'data forget --scan {slice.Id}'.", e);
        }
    }
}
