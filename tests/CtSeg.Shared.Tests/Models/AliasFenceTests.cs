using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using static CtSeg.Shared.Tests.Models.Registry;

namespace CtSeg.Shared.Tests.Models;

public sealed class AliasFenceTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_MoveThatWasNotMade_When_Asked_Then_WhoReadTheAliasBeforeCannotMakeItAndOthersCan()
    {
        var registry = await OpenAsync(azurite);
        await registry.PromoteAsync("a");
        var model = await registry.PublishAsync("b");
        var read = (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull();
        var move = registry.Alias.NewMove(AliasMoveKind.Promotion, model, "a run", "Better.");

        (await new AliasFence(registry.Storage).WasMadeAsync(move.Id, Stop)).ShouldBeFalse();

        (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.ShouldBe(read.Model);
        (await registry.Alias.MoveAsync(read, move, Stop)).Done.ShouldBeFalse();
        (await registry.CurrentAsync()).ShouldBe("a");
        (await registry.PromoteAsync("b")).Done.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_MoveThatWasMade_When_AskedAndAnotherFollowed_Then_Yes()
    {
        var registry = await OpenAsync(azurite);
        var move = (await registry.PromoteAsync("a")).Move;
        await registry.Audit.DeleteBlobAsync(BlobPaths.AliasMove(move.Time, move.Id, "done"), cancellationToken: Stop);
        (await new AliasFence(registry.Storage).WasMadeAsync(move.Id, Stop)).ShouldBeTrue();
        await registry.PromoteAsync("b");
        (await new AliasFence(registry.Storage).WasMadeAsync(move.Id, Stop)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{")]
    public async Task Given_AliasThatIsGoneOrDamaged_When_Asked_Then_TheNotesTell(string? content)
    {
        var registry = await OpenAsync(azurite);
        var move = (await registry.PromoteAsync("a")).Move;
        var alias = registry.Models.GetBlobClient(BlobPaths.CurrentModel);
        await (content is null ? alias.DeleteAsync(cancellationToken: Stop) : (Task)alias.UploadAsync(BinaryData.FromString(content), overwrite: true, Stop));
        (await new AliasFence(registry.Storage).WasMadeAsync(move.Id, Stop)).ShouldBeTrue();
        (await new AliasFence(registry.Storage).WasMadeAsync("0011223344556677", Stop)).ShouldBeFalse();
    }
}
