namespace CtSeg.Local.Scaling;

/// <summary>
/// What one slice asks of the services beside the segmentation job, when nothing is repeated. Requests are counted in the code: SliceIntake,
/// ScanBlobs, StatusStore and SliceProcessor.
/// </summary>
internal static class SliceFootprint
{
    /// <value>
    /// The upload; by the functions the marker of a scan that waits, status, image, manifest and status again; by the job the status, mask, overlay
    /// and metrics, and the status again.
    /// </value>
    public const int BlobWrites = 11;

    /// <value>That marker, in the end. Not charged for.</value>
    public const int BlobDeletes = 1;

    /// <value>By the host the upload's properties and content; by both programs the mark of an erasure; by the job status, manifest and image.</value>
    public const int BlobReads = 7;

    /// <value>The host's own: the event put into its queue, taken and removed, the receipt looked for and written. Assumed.</value>
    public const int HostRequests = 5;

    /// <value>The request sent, received and settled, and the event of its end sent; in one operation more the lock is renewed.</value>
    public const int BusOperations = 5;

    /// <value>The event taken in and its delivery.</value>
    public const int GridOperations = 2;

    /// <value>Time that the shortest call of a function is charged for; as if no two calls shared an instance.</value>
    public const double FunctionSeconds = 1;

    /// <value>Memory of an instance as the template sets it, GB.</value>
    public const double FunctionMemoryGb = 2;

    /// <value>Upload of 512 x 512 pixels of 16 bits, preprocessed image, mask and overlay; MB. Assumed.</value>
    public const double StoredMb = 0.75;

    /// <value>Traces, metrics, and the log of ten writes; KB. Assumed.</value>
    public const double LogKb = 20;

    /// <value>A repeated request sent, received and settled, and the event of the scan's end told once more.</value>
    public const int RepeatBusOperations = 4;

    /// <value>By the look the status with the new attempt, and at its marker when it may be overdue next.</value>
    public const int RepeatBlobWrites = 2;

    /// <value>By the look the status twice, and whether metrics are there; by the job both again.</value>
    public const int RepeatBlobReads = 5;

    /// <returns>Without the time of executions.</returns>
    public static double CostOfRepeats(Reconciled reconciled, PriceList prices) =>
        reconciled.AskedAgain
        * (RepeatBusOperations / 1e6 * prices.PriceOf("service-bus-standard-operations").Amount
            + RepeatBlobWrites / 1e4 * prices.PriceOf("blob-hot-zrs-writes").Amount
            + RepeatBlobReads / 1e4 * prices.PriceOf("blob-reads").Amount);
}
