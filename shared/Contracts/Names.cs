namespace CtSeg.Contracts;

/// <summary>Blob containers. Infrastructure creates them, locally <c>up</c> does; running code never does.</summary>
public static class Containers
{
    public const string Slices = "slices";
    public const string Preprocessed = "preprocessed";
    public const string Results = "results";
    public const string Status = "status";
    public const string TrainingData = "training-data";
    public const string Corrections = "corrections";
    public const string TrainingRuns = "training-runs";
    public const string Models = "models";
    public const string Audit = "audit";
    /// <summary>Where Event Grid leaves events that it could not deliver; only in Azure.</summary>
    public const string UndeliveredEvents = "undelivered-events";

    /// <value>Those that every system has.</value>
    public static IReadOnlyList<string> All { get; } =
        [Slices, Preprocessed, Results, Status, TrainingData, Corrections, TrainingRuns, Models, Audit];
}

/// <summary>Service Bus queues.</summary>
public static class Queues
{
    /// <summary>Created blobs in <see cref="Containers.Slices"/> and <see cref="Containers.Corrections"/>, as Event Grid tells of them where it reaches no webhook.</summary>
    public const string UploadEvents = "upload-events";
    public const string SegmentationRequests = "segmentation-requests";
    public const string SegmentationCompleted = "segmentation-completed";
    public const string TrainingRequests = "training-requests";
    /// <summary>For operators: a model was refused, the model in use changed, a training run ended.</summary>
    public const string Alerts = "alerts";

    /// <value>
    /// Read by whoever connects, and by nobody here: what nobody took ends without a dead letter, which would stay, fill the queue, and stop its senders. What
    /// they tell is in storage.
    /// </value>
    public static IReadOnlyList<string> Notifications { get; } = [SegmentationCompleted, Alerts];

    public static IReadOnlyList<string> All { get; } = [UploadEvents, SegmentationRequests, SegmentationCompleted, TrainingRequests, Alerts];

    /// <summary>The dead-letter queue of <paramref name="queue"/>.</summary>
    public static string DeadLettersOf(string queue) => $"{queue}/$deadletterqueue";
}

/// <summary>Storage queues that the Functions host fills.</summary>
public static class StorageQueues
{
    public const string PoisonedSlices = "webjobs-blobtrigger-poison";

    /// <summary>Where the host leaves messages of a queue that their function fails on.</summary>
    public static string PoisonOf(string queue) => $"{queue}-poison";
}

/// <summary>Application properties of messages.</summary>
public static class MessageProperties
{
    /// <summary>How often an operator has sent the message again; a whole number.</summary>
    public const string Replays = "ctseg-replays";
}

/// <summary>Names of connection settings, the same in function.json, in Azure and on one machine.</summary>
public static class Connections
{
    /// <summary>The Functions host's own storage.</summary>
    public const string Host = "AzureWebJobsStorage";
    /// <summary>Storage of slices, results and models.</summary>
    public const string Slices = "SlicesStorage";
    public const string ServiceBus = "ServiceBus";
}

/// <summary>Application settings of the functions, and what they are where nothing is set.</summary>
public static class Settings
{
    /// <summary>NCRONTAB, six fields; the host reads it for ReconcileScans, so it must be set.</summary>
    public const string ReconcileSchedule = "ReconcileSchedule";
    public const string DefaultReconcileSchedule = "0 * * * * *";
    /// <summary>Age at which a scan without a result is asked for again, <c>hh:mm:ss</c>.</summary>
    public const string ReconcileAfter = "ReconcileAfter";
    /// <summary>Requests for one scan, the first included.</summary>
    public const string MaxAttempts = "MaxSegmentationAttempts";
    /// <summary>Scans that one run of ReconcileScans takes on.</summary>
    public const string ReconcileBatch = "ReconcileBatch";
    /// <summary>NCRONTAB, six fields; the host reads it for ScheduleRetraining, so it must be set.</summary>
    public const string RetrainingSchedule = "RetrainingSchedule";
    /// <summary>Two o'clock at night, UTC.</summary>
    public const string DefaultRetrainingSchedule = "0 0 2 * * *";
    /// <summary>Of nightly runs: minutes of training, more than 0 to 10080; no limit where it is not set.</summary>
    public const string RetrainingMinutes = "RetrainingMinutes";
    /// <summary>Of nightly runs: <c>true</c> for random weights instead of those of the model in use.</summary>
    public const string RetrainingFromScratch = "RetrainingFromScratch";
    /// <summary>Of nightly runs: share of the live slices on which a model that passed runs in shadow first, more than 0 to 1; no shadow where it is not set.</summary>
    public const string RetrainingShadowShare = "RetrainingShadowShare";
    /// <summary>NCRONTAB; the host reads it for ReconcileTrainingRuns, so it must be set.</summary>
    public const string TrainingRunsSchedule = "TrainingRunsSchedule";
    public const string DefaultTrainingRunsSchedule = "0 */5 * * * *";
    /// <summary>Age of its last sign at which a training run is asked for again, <c>hh:mm:ss</c>.</summary>
    public const string TrainingRunsAfter = "TrainingRunsAfter";
    /// <summary>Requests for one training run, the first included.</summary>
    public const string MaxTrainingAttempts = "MaxTrainingAttempts";
    /// <summary>Of the job: public keys in PEM, or a file with them; where it is set, models that none of them signed are refused.</summary>
    public const string TrustedModelKeys = "TrustedModelKeys";
    /// <summary>
    /// Of the job: the private key in PEM, or a file with it, that <c>retrain</c> signs its models with. Where keys are trusted and it is not set, nightly
    /// runs are skipped, and the models of runs that were asked for wait, refused, to be signed and promoted by hand.
    /// </summary>
    public const string ModelSigningKey = "ModelSigningKey";
    /// <summary>Size cap of an upload, bytes.</summary>
    public const string MaxUploadBytes = "MaxUploadBytes";
    /// <summary>Width x height of an image.</summary>
    public const string MaxImagePixels = "MaxImagePixels";
    /// <summary>Bytes of an image's decoded samples.</summary>
    public const string MaxDecodedBytes = "MaxDecodedBytes";
    /// <summary>Items inside one file, TIFF directories for example.</summary>
    public const string MaxNestedItems = "MaxNestedItems";
}

/// <summary>CloudEvents types.</summary>
public static class EventTypes
{
    public const string SegmentationRequested = "ctseg.segmentation.requested.v1";
    public const string SegmentationCompleted = "ctseg.segmentation.completed.v1";
    public const string SegmentationFailed = "ctseg.segmentation.failed.v1";
    public const string TrainingRequested = "ctseg.training.requested.v1";
    /// <summary>A training run ended, whatever its end; on <see cref="Queues.Alerts"/>.</summary>
    public const string TrainingEnded = "ctseg.training.ended.v1";
    /// <summary>A model was damaged, swapped or unusable and does not serve; on <see cref="Queues.Alerts"/>.</summary>
    public const string ModelRefused = "ctseg.model.refused.v1";
    /// <summary>Another model serves from now on; on <see cref="Queues.Alerts"/>.</summary>
    public const string ModelChanged = "ctseg.model.changed.v1";
}
