using CtSeg.Recovery;

namespace CtSeg.Shared.Tests.Recovery;

public sealed class PoisonMessageTests
{
    [Fact]
    public void Given_AMessageOfTheHost_When_Read_Then_ItNamesFunctionAndBlob()
    {
        var message = PoisonMessage.TryParse(
            """{"Type":"BlobTrigger","FunctionId":"Host.Functions.PreprocessSlice","BlobType":"BlockBlob","ContainerName":"slices","BlobName":"a.png","ETag":"\"0x1\""}""").ShouldNotBeNull();

        (message.Function, message.ContainerName, message.BlobName, message.ETag).ShouldBe(("PreprocessSlice", "slices", "a.png", "\"0x1\""));
        message.IsOf("PreprocessSlice", "slices").ShouldBeTrue();
        message.IsOf("Slice", "slices").ShouldBeFalse();
        message.IsOf("PreprocessSlice", "corrections").ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"FunctionId":null,"ContainerName":"slices","BlobName":"a"}""")]
    public void Given_WhatIsNone_When_Read_Then_ItIsNone(string json) => PoisonMessage.TryParse(json).ShouldBeNull();
}
