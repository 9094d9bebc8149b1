using CtSeg.DataSets;

namespace CtSeg.Corrections;

/// <summary>A corrected mask cannot be used, whatever is tried: the uploader's to mend, not ours.</summary>
internal sealed class CorrectionRefusedException(CorrectionRefusal refusal, Exception? innerException = null) : Exception(refusal.Message, innerException)
{
    public CorrectionRefusal Refusal { get; } = refusal;
}
