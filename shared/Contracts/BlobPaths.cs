using System.Globalization;

namespace CtSeg.Contracts;

/// <summary>Where the blobs of a scan lie, inside their containers.</summary>
public static class BlobPaths
{
    /// <summary>In <see cref="Containers.Models"/>: the alias, the one document there that is replaced.</summary>
    public const string CurrentModel = "current.json";
    /// <summary>In <see cref="Containers.Models"/>: the challenger that runs beside the model in use; absent where there is none.</summary>
    public const string ShadowModel = "shadow.json";
    /// <summary>In <see cref="Containers.TrainingRuns"/>: the one run that may be under way.</summary>
    public const string ActiveTrainingRun = "active.json";
    /// <summary>In <see cref="Containers.TrainingData"/>: how groups are chosen for the locked evaluation set.</summary>
    public const string EvaluationRule = "evaluation-sets/rule.json";
    /// <summary>In <see cref="Containers.TrainingData"/>: pictures that were ever locked.</summary>
    public const string LockedPictures = "evaluation-sets/locked.json";
    /// <summary>In <see cref="Containers.TrainingData"/>: what is hashed in front of a group's name.</summary>
    public const string GroupSalt = "salt.json";
    /// <summary>In <see cref="Containers.TrainingData"/>: where the documents of slices begin.</summary>
    public const string TrainingSlices = "slices/";
    /// <summary>In <see cref="Containers.TrainingData"/>: where the images begin.</summary>
    public const string TrainingImages = "images/";
    /// <summary>In <see cref="Containers.TrainingData"/>: where the masks begin.</summary>
    public const string TrainingMasks = "masks/";
    /// <summary>In <see cref="Containers.TrainingData"/>: where the data set versions begin.</summary>
    public const string DataSets = "data-sets/";
    /// <summary>In <see cref="Containers.Audit"/>: where the notes about moves of the alias begin.</summary>
    public const string AliasMoves = "alias-moves/";
    /// <summary>In <see cref="Containers.Audit"/>: where the orders of erasures begin.</summary>
    public const string Erasures = "erasures/";
    /// <summary>In <see cref="Containers.Audit"/>: where the markers of erased scans begin.</summary>
    public const string ErasedScans = "erased/";
    /// <summary>In <see cref="Containers.Audit"/>: where the archived dead letters begin.</summary>
    public const string DeadLetters = "dead-letters/";
    /// <summary>In <see cref="Containers.TrainingData"/>: where the evaluation sets begin.</summary>
    public const string EvaluationSets = "evaluation-sets/";

    /// <summary>In <see cref="Containers.Preprocessed"/>.</summary>
    public static string PreprocessedImage(ScanId scan) => $"{scan}/image.png";
    /// <summary>In <see cref="Containers.Preprocessed"/>.</summary>
    public static string Manifest(ScanId scan) => $"{scan}/manifest.json";
    /// <summary>In <see cref="Containers.Results"/>.</summary>
    public static string Mask(ScanId scan) => $"{scan}/mask.png";
    /// <summary>In <see cref="Containers.Results"/>.</summary>
    public static string Overlay(ScanId scan) => $"{scan}/overlay.png";
    /// <summary>In <see cref="Containers.Results"/>; written last, it marks the result as whole.</summary>
    public static string Metrics(ScanId scan) => $"{scan}/metrics.json";
    /// <summary>In <see cref="Containers.Status"/>.</summary>
    public static string Status(ScanId scan) => $"{scan}.json";
    /// <summary>In <see cref="Containers.Models"/>.</summary>
    public static string ModelCard(string version) => $"{version}/model.json";
    /// <summary>In <see cref="Containers.Models"/>.</summary>
    public static string ModelWeights(string version) => $"{version}/weights.safetensors";
    /// <summary>In <see cref="Containers.Models"/>: by their hashes, the pictures that a model has learnt from.</summary>
    public static string ModelTrainedOn(string version) => $"{version}/trained-on.json";
    /// <summary>In <see cref="Containers.Models"/>: why it was promoted or not.</summary>
    public static string ModelDecision(string version) => $"{version}/decision.json";
    /// <summary>In <see cref="Containers.Models"/>.</summary>
    public static string ModelReport(string version) => $"{version}/report.html";
    /// <summary>In <see cref="Containers.Models"/>; only where models are signed.</summary>
    public static string ModelSignature(string version) => $"{version}/signature.json";
    /// <summary>In <see cref="Containers.Models"/>; only where data that the model saw were erased since.</summary>
    public static string ModelErasure(string version) => $"{version}/erasure.json";
    /// <summary>In <see cref="Containers.TrainingData"/>, named by content.</summary>
    public static string TrainingImage(string sha256) => $"{TrainingImages}{sha256}";
    /// <summary>In <see cref="Containers.TrainingData"/>, named by content.</summary>
    public static string TrainingMask(string sha256) => $"{TrainingMasks}{sha256}.png";
    /// <summary>In <see cref="Containers.TrainingData"/>.</summary>
    public static string TrainingSlice(ScanId slice) => $"{TrainingSlices}{slice}.json";
    /// <summary>In <see cref="Containers.TrainingData"/>.</summary>
    public static string DataSet(string version) => $"{DataSets}{version}.json";
    /// <summary>In <see cref="Containers.TrainingData"/>.</summary>
    public static string EvaluationSet(string version) => $"{EvaluationSets}{version}.json";
    /// <summary>In <see cref="Containers.TrainingData"/>: what became of a corrected mask.</summary>
    public static string CorrectionOutcome(ScanId scan) => $"corrections/{scan}.json";
    /// <summary>In <see cref="Containers.Corrections"/>.</summary>
    public static string Correction(ScanId scan) => $"{scan}.png";
    /// <summary>In <see cref="Containers.TrainingRuns"/>.</summary>
    public static string TrainingRun(string run) => $"{run}.json";
    /// <summary>In <see cref="Containers.TrainingRuns"/>: the state after the last epoch; gone when the run has ended.</summary>
    public static string TrainingCheckpoint(string run) => $"{run}/checkpoint.safetensors";
    /// <summary>In <see cref="Containers.TrainingRuns"/>.</summary>
    public static string TrainingReport(string run) => $"{run}/report.html";
    /// <summary>In <see cref="Containers.TrainingRuns"/>: how the challenger of a run and the model in use disagree on a slice.</summary>
    public static string ShadowResult(string run, ScanId scan) => $"{ShadowResults(run)}{scan}.json";
    /// <summary>In <see cref="Containers.TrainingRuns"/>: where those results of a run begin.</summary>
    public static string ShadowResults(string run) => $"{run}/shadow/";
    /// <summary>In <see cref="Containers.Audit"/>: an erasure, by what was asked and without names.</summary>
    public static string Erasure(string id) => $"{Erasures}{id}.json";
    /// <summary>In <see cref="Containers.Audit"/>: there once the erasure of a scan was ordered.</summary>
    public static string ErasedScan(ScanId scan) => $"{ErasedScans}{scan}";
    /// <summary>In <see cref="Containers.Audit"/>; notes sort by time.</summary>
    /// <param name="move">Id of the move.</param>
    /// <param name="step"><c>intended</c> before the alias is written, then <c>done</c> or <c>lost</c>.</param>
    public static string AliasMove(DateTime time, string move, string step) =>
        string.Create(CultureInfo.InvariantCulture, $"{AliasMoves}{time:yyyyMMdd'T'HHmmssfffffff'Z'}-{move}-{step}.json");
    /// <summary>In <see cref="Containers.Audit"/>, named by content: every decision that was made, those that a later one replaced too.</summary>
    public static string Decision(string sha256) => $"decisions/{sha256}.json";
    /// <summary>In <see cref="Containers.Audit"/>.</summary>
    public static string DeadLetter(string messageId) => $"{DeadLetters}{messageId}.json";
}
