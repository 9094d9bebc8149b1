using CtSeg.Contracts;

namespace CtSeg.Shared.Tests.Contracts;

public sealed class TraceParentsTests
{
    private const string Valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public void Given_ATraceContext_When_Checked_Then_ItIsTaken() => TraceParents.Checked(Valid).ShouldBe(Valid);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Doe, Jane")]
    [InlineData("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x")]
    public void Given_WhatIsNone_When_Checked_Then_ItCountsAsNone(string? value) => TraceParents.Checked(value).ShouldBeNull();
}
