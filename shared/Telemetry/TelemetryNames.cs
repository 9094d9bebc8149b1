namespace CtSeg.Telemetry;

/// <summary>
/// Names under which the system tells what it does; alerts and dashboards go by them. Values are ids, hashes, codes and numbers: never the name of a
/// blob, a slice or a group, which may tell of a patient.
/// </summary>
public static class TelemetryNames
{
    /// <summary>Of the activity source and of the meter.</summary>
    public const string Source = "CtSeg";

    /// <summary>Services, as resource attribute <c>service.name</c>.</summary>
    public const string FunctionsService = "ctseg-functions";
    public const string SegmentationService = "ctseg-job";
    public const string RetrainingService = "ctseg-retraining";
}

/// <summary>Attributes of spans and metrics: those of OpenTelemetry's conventions where they have one.</summary>
public static class TelemetryAttributes
{
    /// <summary>Hash of an upload.</summary>
    public const string ScanId = "ctseg.scan.id";
    /// <summary>On the span that ended a scan: <c>completed</c> or <c>failed</c>.</summary>
    public const string ScanState = "ctseg.scan.state";
    public const string RunId = "ctseg.run.id";
    /// <summary>On the span that ended a training run.</summary>
    public const string RunState = "ctseg.run.state";
    public const string ModelVersion = "ctseg.model.version";
    public const string State = "state";
    public const string Reason = "reason";
    public const string Stage = "stage";

    public const string ErrorType = "error.type";
    public const string ProcessId = "process.pid";

    public const string FaasTrigger = "faas.trigger";
    public const string FaasInvocationId = "faas.invocation_id";

    public const string MessagingSystem = "messaging.system";
    public const string Destination = "messaging.destination.name";
    public const string OperationName = "messaging.operation.name";
    public const string OperationType = "messaging.operation.type";
    public const string MessageId = "messaging.message.id";
    public const string DeliveryCount = "messaging.servicebus.message.delivery_count";
    public const string EnqueuedTime = "messaging.servicebus.message.enqueued_time";
    public const string Disposition = "messaging.servicebus.disposition_status";
}

/// <summary>Parts of the work on one slice or one training run: names of spans and values of <see cref="TelemetryAttributes.Stage"/>.</summary>
public static class StageNames
{
    /// <summary>Decoding and preprocessing of an upload.</summary>
    public const string Preprocess = "preprocess";
    /// <summary>Storing what preprocessing made.</summary>
    public const string StorePreprocessed = "store preprocessed";
    /// <summary>Reading manifest and image, claiming the scan.</summary>
    public const string Fetch = "fetch";
    /// <summary>The model alone.</summary>
    public const string Predict = "predict";
    /// <summary>A challenger on a live slice, beside the model that serves.</summary>
    public const string PredictInShadow = "predict in shadow";
    /// <summary>Encoding and writing a result.</summary>
    public const string Store = "store";
    /// <summary>Of a training run: choosing its data.</summary>
    public const string Prepare = "prepare";
    public const string Train = "train";
    public const string Publish = "publish";
    /// <summary>Of a training run: comparison and decision.</summary>
    public const string Decide = "decide";
    public const string Report = "report";
}
