using CtSeg.Intake;

namespace CtSeg.Shared.Tests.Intake;

public sealed class UploadEventTests
{
    private const string Url = "https://a.blob.core.windows.net/slices/case%201/slice.png";

    [Theory]
    [InlineData("type")]
    [InlineData("eventType")]
    public void Given_AnEventInEitherSchema_When_Read_Then_ItNamesTheUpload(string type) =>
        UploadEvent.TryParse($$$"""{"{{{type}}}":"Microsoft.Storage.BlobCreated","data":{"url":"{{{Url}}}","eTag":"0x1"}}""")
            .ShouldBe(new UploadEvent("slices", "case 1/slice.png", "0x1"));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData($$$"""{"type":"Microsoft.Storage.BlobDeleted","data":{"url":"{{{Url}}}"}}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","data":{"url":"https://a.blob.core.windows.net/models/v1/model.json"}}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","data":{"url":"slices/a.png"}}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","subject":"/blobServices/default/containers/slices/blobs/a.png"}""")]
    public void Given_WhatIsNone_When_Read_Then_ItIsNone(string json) => UploadEvent.TryParse(json).ShouldBeNull();
}
