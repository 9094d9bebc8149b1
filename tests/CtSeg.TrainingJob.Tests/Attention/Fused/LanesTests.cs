using CtSeg.TrainingJob.Attention.Fused;

namespace CtSeg.TrainingJob.Tests.Attention.Fused;

public sealed class LanesTests
{
    [Fact]
    public void Given_ExponentsUpToZero_When_RaisingTwo_Then_TheRelativeErrorIsBelowTwoToTheMinus22()
    {
        var random = new Random(1);
        float[] exponents = [0, -0.5f, -1, -125.9f, -126, .. Enumerable.Range(0, 4091).Select(_ => -126 * random.NextSingle())];
        var powers = Map(exponents, Lanes.PowerOfTwo);
        for (var number = 0; number < exponents.Length; number++)
        {
            var exact = Math.Pow(2, exponents[number]);
            Assert.True(Math.Abs(powers[number] - exact) < exact * Math.Pow(2, -22), $"2^{exponents[number]} is {powers[number]}");
        }
    }

    [Theory]
    [InlineData(-126.5f)]
    [InlineData(-150f)]
    [InlineData(-1e30f)]
    [InlineData(float.NegativeInfinity)]
    public void Given_AnExponentBelowTheNormalNumbers_When_RaisingTwo_Then_NextToNothing(float exponent) =>
        Assert.All(Map([.. Enumerable.Repeat(exponent, Lanes.Count)], Lanes.PowerOfTwo), power => Assert.InRange(power, 0, MathF.Pow(2, -126)));

    [Theory]
    [InlineData(0, 3)]
    [InlineData(8, 7)]
    [InlineData(9, 8)]
    [InlineData(16, 15)]
    [InlineData(40, -5)]
    public void Given_AnEndAndAnException_When_Masked_Then_OnlyLanesBeforeTheEndButThatOneStay(int end, int exception)
    {
        var kept = Map(Numbers(), lanes => lanes & Lanes.BeforeExcept(end, exception));
        Assert.Equal(Numbers().Select((number, lane) => lane < end && lane != exception ? number : 0), kept);
    }

    [Fact]
    public unsafe void Given_Integers_When_ComparedWithOne_Then_ItAndThePreviousAreMarked()
    {
        int[] integers = [4, 5, 6, 7, int.MinValue, int.MaxValue, 0, 5, 6, 5, 4, -5, 8, 6, 7, 5];
        fixed (int* first = integers)
        {
            var mask = Lanes.AtOrOneBefore(6, first);
            Assert.Equal(integers.Select(integer => integer is 5 or 6 ? 1f : 0), Map(new float[Lanes.Count], _ => mask & Lanes.One));
        }
    }

    [Fact]
    public void Given_SixteenNumbers_When_Summed_Then_AllCount() =>
        Assert.All(Map(Numbers(), lanes => Lanes.Create(Lanes.Sum(lanes))), sum => Assert.Equal(136, sum));

    [Fact]
    public void Given_Fractions_When_MultipliedAndAdded_Then_RoundedOnce()
    {
        var third = 1f / 3;
        Assert.All(
            Map([.. Enumerable.Repeat(third, Lanes.Count)], lanes => Lanes.MultiplyAdd(3, lanes, Lanes.Create(-1))),
            rest => Assert.Equal((float)((3 * (double)third) - 1), rest));
    }

    private static float[] Numbers() => [.. Enumerable.Range(1, Lanes.Count).Select(number => (float)number)];

    private static unsafe float[] Map(float[] values, Func<Lanes, Lanes> map)
    {
        var mapped = new float[values.Length];
        fixed (float* source = values, target = mapped)
        {
            for (var lane = 0; lane < values.Length; lane += Lanes.Count)
                map(Lanes.Load(source + lane)).Store(target + lane);
        }
        return mapped;
    }
}
