namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>What every part of one call works on.</summary>
internal sealed class AttentionProblem(TokenRows query, TokenRows value, BucketOrder order, int chunkLength, ParallelOptions parallel)
{
    /// <summary>A query that is shorter is divided by it, not by its length.</summary>
    public const float ShortestKey = 1e-6f;
    public const float Ln2 = 0.693147181f;

    /// <summary>Chunks that one thread gathers at once: their queries, keys and values stay in its cache.</summary>
    public const int ChunksOfBlock = 16;

    public TokenRows Query => query;
    public TokenRows Value => value;
    public BucketOrder Order => order;
    public int ChunkLength => chunkLength;
    public ParallelOptions Parallel => parallel;
    /// <value>1 / sqrt(channels) / ln 2: scores, shifts and normalisers are exponents of 2, which takes fewer instructions than of e.</value>
    public float Scale { get; } = 1 / MathF.Sqrt(query.Channels) / Ln2;
    public int Blocks { get; } = (order.Tokens + (chunkLength * ChunksOfBlock) - 1) / (chunkLength * ChunksOfBlock);
}
