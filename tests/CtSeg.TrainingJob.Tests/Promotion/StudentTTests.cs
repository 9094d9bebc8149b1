using CtSeg.TrainingJob.Promotion;

namespace CtSeg.TrainingJob.Tests.Promotion;

/// <summary>Against printed tables.</summary>
public sealed class StudentTTests
{
    [Theory]
    [InlineData(0.95, 1, 6.313752)]
    [InlineData(0.975, 2, 4.302653)]
    [InlineData(0.95, 5, 2.015048)]
    [InlineData(0.95, 39, 1.684875)]
    [InlineData(0.999, 10, 4.143700)]
    [InlineData(0.95, 1e7, 1.644854)]
    [InlineData(0.5, 3, 0)]
    public void Given_ATable_When_AQuantileIsAsked_Then_TheSame(double probability, double degrees, double expected) =>
        StudentT.Quantile(probability, degrees).ShouldBe(expected, 1e-6);

    [Fact]
    public void Given_OneDegree_When_AQuantileIsAsked_Then_ThatOfCauchy()
    {
        foreach (var probability in new[] { 0.6, 0.9, 0.99, 0.999 })
            StudentT.Quantile(probability, 1).ShouldBe(Math.Tan(Math.PI * (probability - 0.5)), 1e-7 * Math.Tan(Math.PI * (probability - 0.5)));
    }

    [Fact]
    public void Given_HalfADegree_When_AQuantileIsAsked_Then_FarOut() => StudentT.Quantile(0.95, 0.5).ShouldBeGreaterThan(StudentT.Quantile(0.95, 1) * 5);

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 0.158655253931457)]
    [InlineData(1.959963984540054, 0.025)]
    [InlineData(3, 1.349898031630095e-3)]
    [InlineData(2.999999, 1.3499024634e-3)]
    [InlineData(6, 9.865876450376981e-10)]
    public void Given_ATable_When_ANormalTailIsAsked_Then_TheSame(double value, double expected) =>
        StudentT.NormalUpperTail(value).ShouldBe(expected, 1e-9 * expected + 1e-16);
}
