using CtSeg.TrainingJob.Attention;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Attention;

[Collection(TorchCollection.Name)]
public sealed class ExactAttentionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(33)]
    public void Given_Tokens_When_Attending_Then_EqualsTheDefinitionInLoops(int count)
    {
        using var scope = NewDisposeScope();
        var random = new Random(count);
        var (query, value) = (Tokens.Random(random, count, 5), Tokens.Random(random, count, 3));
        Tokens.ShouldBe(ExactAttention.Attend(Tokens.ToTensor(query), Tokens.ToTensor(value)), ReferenceAttention.Exact(query, value));
    }

    [Fact]
    public void Given_MoreTokensThanOnePieceHolds_When_Attending_Then_EveryTokenLeavesItselfOut()
    {
        using var scope = NewDisposeScope();
        const int tokens = 4200;
        manual_seed(1);
        var (query, value) = (randn([1, tokens, 1, 2]), randn([1, tokens, 1, 2]));
        var q = query.reshape(tokens, 2);
        var scores = q.matmul(q.div(q.norm(-1, keepdim: true, p: 2f)).t()).div(Math.Sqrt(2));
        scores.diagonal().fill_(float.NegativeInfinity);
        var expected = scores.softmax(-1).matmul(value.reshape(tokens, 2));
        ExactAttention.Attend(query, value).reshape(tokens, 2).sub(expected).abs().max().item<float>().ShouldBeLessThan(1e-5f);
    }

    [Fact]
    public void Given_NaN_When_Attending_Then_Reported()
    {
        using var scope = NewDisposeScope();
        var query = ones([1, 3, 1, 2]);
        query[0, 1, 0, 0] = float.NaN;
        Should.Throw<NonFiniteInputException>(() => ExactAttention.Attend(query, ones([1, 3, 1, 2])));
    }
}
