namespace CtSeg.Recovery;

/// <summary>What became of a dead letter that was to be removed.</summary>
public enum LetterRemoval
{
    Removed,
    /// <summary>Somebody else had removed it.</summary>
    Gone,
    /// <summary>It lies there still: it died once more meanwhile, or somebody else holds it by now.</summary>
    Stayed,
}
