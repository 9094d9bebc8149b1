using CtSeg.TrainingJob.Attention.Reference;
using CtSeg.TrainingJob.Bench;
using CtSeg.TrainingJob.Tests.Attention;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Bench;

/// <summary>What the fast engine is timed against must compute the same.</summary>
[Collection(TorchCollection.Name)]
public sealed class NaiveLshAttentionTests
{
    [Theory]
    [InlineData(64, 16, 2, 4)]
    [InlineData(61, 8, 3, 5)]
    [InlineData(7, 16, 1, 2)]
    public void Given_Buckets_When_AttendingNaively_Then_EqualsTheReference(int count, int chunk, int rounds, int buckets)
    {
        using var scope = NewDisposeScope();
        var random = new Random(count);
        var (query, value) = (Tokens.ToTensor(Tokens.Random(random, count, 4)), Tokens.ToTensor(Tokens.Random(random, count, 3)));
        var bucket = Tokens.ToTensor(Tokens.RandomBuckets(random, rounds, count, buckets));
        var naive = NaiveLshAttention.Attend(query, value, bucket, chunk);
        naive.sub(ReferenceLshAttention.Attend(query, value, bucket, chunk)).abs().max().item<double>().ShouldBeLessThan(1e-9);
    }
}
