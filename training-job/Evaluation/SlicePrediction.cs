using CtSeg.Segmentation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>What a network says of a labelled slice.</summary>
/// <param name="AtMaskSize">At the size of the truth.</param>
/// <param name="AtNetworkSize">At the size of the preprocessed image.</param>
/// <param name="Calibration">Of all pixels, at the size of the truth.</param>
/// <param name="LesionCalibration">Of the pixels predicted as a lesion.</param>
internal sealed record SlicePrediction(
    LabelledSlice Slice, LesionMask AtMaskSize, LesionMask AtNetworkSize, CalibrationCounts Calibration, CalibrationCounts LesionCalibration);
