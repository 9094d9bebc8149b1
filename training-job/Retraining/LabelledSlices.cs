using CtSeg.DataSets;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Slices of a data set with their pictures and masks; their ids stand for their names.</summary>
internal static class LabelledSlices
{
    /// <returns>In the given order.</returns>
    /// <exception cref="DamagedDataException">A file is missing or has another hash.</exception>
    public static async Task<IReadOnlyList<LabelledSlice>> LoadAsync(DataSetStore data, IReadOnlyList<DataSetSlice> slices, CancellationToken cancellationToken)
    {
        var loaded = new List<LabelledSlice>(slices.Count);
        foreach (var slice in slices)
        {
            var image = await data.ReadImageAsync(slice.ImageSha256, cancellationToken);
            var mask = await data.ReadMaskAsync(slice.MaskSha256, cancellationToken);
            loaded.Add(new LabelledSlice(slice.Id.ToString(), slice.Group, SlicePreprocessor.Process(image.ToMemory()).Image, MaskPng.Read(mask.ToMemory())));
        }
        return loaded;
    }
}
