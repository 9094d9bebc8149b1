using Azure;
using CtSeg.Contracts;
using CtSeg.Testing;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

/// <summary>The guard of the other tests: one that lets all pass would show nothing.</summary>
public sealed class RoleGuardTests
{
    private readonly RoleGuard _roles = new("segmentation");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_WhatTheRolesAllow_When_Asked_Then_ItIsDone()
    {
        var blob = new FakeBlobStorage().Connect(roles: _roles).GetBlobContainerClient(Containers.Status).GetBlobClient("a");

        await blob.UploadAsync(BinaryData.Empty, Stop);
        await blob.DeleteAsync(cancellationToken: Stop);

        _roles.Refused.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(Containers.Slices, "read")]
    [InlineData(Containers.Models, "write")]
    [InlineData(Containers.Audit, "delete")]
    [InlineData(Containers.Models, "deleteBlobVersion/action")]
    public async Task Given_WhatNoRoleAllows_When_Asked_Then_ItIsRefusedAndNoted(string container, string action)
    {
        var blob = new FakeBlobStorage().Connect(roles: _roles).GetBlobContainerClient(container).GetBlobClient("a");

        var refused = await Should.ThrowAsync<RequestFailedException>(() => action switch
        {
            "read" => blob.DownloadContentAsync(Stop),
            "write" => blob.UploadAsync(BinaryData.Empty, Stop),
            "delete" => blob.DeleteAsync(cancellationToken: Stop),
            _ => blob.WithVersion("2026-11-23T12:00:00.0000000Z").DeleteAsync(cancellationToken: Stop),
        });

        refused.Status.ShouldBe(403);
        _roles.Refused.ShouldHaveSingleItem().ShouldStartWith($"roles.json does not give segmentation '{action}' on the container '{container}'");
    }
}
