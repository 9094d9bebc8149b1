using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using static CtSeg.Shared.Tests.Models.Registry;

namespace CtSeg.Shared.Tests.Models;

public sealed class PromotionChainTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_PromotionsAfterAForcedMove_When_Asked_Then_TheyBeganFromTheForcedOne()
    {
        var registry = await OpenAsync(azurite);
        (await StartAsync(registry, "a")).ShouldBeNull();
        foreach (var (version, kind) in new[] { ("a", AliasMoveKind.Seed), ("b", AliasMoveKind.Promotion), ("c", AliasMoveKind.Forced), ("d", AliasMoveKind.Promotion), ("e", AliasMoveKind.Promotion) })
            await MoveAsync(registry, version, kind);
        foreach (var (version, start) in new[] { ("a", "a"), ("b", "a"), ("c", "c"), ("d", "c"), ("e", "c") })
            (await StartAsync(registry, version)).ShouldBe(start, version);
        (await new PromotionChain(registry.Storage).FindStartAsync(new ServedModel("e", new string('0', 64)), Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_ARollback_When_Asked_Then_TheChainIsThatOfTheModelWhenItCame()
    {
        var registry = await OpenAsync(azurite);
        foreach (var (version, kind) in new[] { ("a", AliasMoveKind.Forced), ("b", AliasMoveKind.Promotion), ("c", AliasMoveKind.Promotion) })
            await MoveAsync(registry, version, kind);
        (await registry.Alias.RollbackAsync("x", "y", Stop)).Done.ShouldBeTrue();
        (await StartAsync(registry, "b")).ShouldBe("a");
        await MoveAsync(registry, "d", AliasMoveKind.Promotion);
        (await StartAsync(registry, "d")).ShouldBe("a");
        // Put back by force, it begins anew.
        await MoveAsync(registry, "b", AliasMoveKind.Forced);
        await MoveAsync(registry, "e", AliasMoveKind.Promotion);
        (await StartAsync(registry, "e")).ShouldBe("b");
    }

    [Fact]
    public async Task Given_ANoteThatIsGone_When_Asked_Then_TheLookBackEndsThere()
    {
        var registry = await OpenAsync(azurite);
        foreach (var (version, kind) in new[] { ("a", AliasMoveKind.Forced), ("b", AliasMoveKind.Promotion), ("c", AliasMoveKind.Promotion) })
            await MoveAsync(registry, version, kind);
        var second = (await registry.HistoryAsync())[1].Move;
        foreach (var name in (await registry.NotesAsync()).Where(name => name.Contains(second.Id, StringComparison.Ordinal)))
            await registry.Audit.GetBlobClient(name).DeleteAsync(cancellationToken: Stop);
        (await StartAsync(registry, "c")).ShouldBe("b");
        await registry.Models.GetBlobClient(BlobPaths.CurrentModel).UploadAsync(BinaryData.FromString("{"), overwrite: true, Stop);
        (await StartAsync(registry, "c")).ShouldBe("b");
    }

    [Fact]
    public async Task Given_AMoveThatWasLost_When_Asked_Then_ItLedNowhere()
    {
        var registry = await OpenAsync(azurite);
        await MoveAsync(registry, "a", AliasMoveKind.Forced);
        var read = await registry.Store.ReadAliasAsync(Stop);
        await MoveAsync(registry, "b", AliasMoveKind.Promotion);
        var late = await registry.Alias.MoveAsync(read, registry.Alias.NewMove(AliasMoveKind.Forced, await registry.PublishAsync("c"), "x", "y"), Stop);
        late.Done.ShouldBeFalse();
        (await StartAsync(registry, "c")).ShouldBeNull();
        (await StartAsync(registry, "b")).ShouldBe("a");
    }

    private static async Task<string?> StartAsync(Registry registry, string version) =>
        (await new PromotionChain(registry.Storage).FindStartAsync(new ServedModel(version, ManifestOf(version).WeightsSha256), Stop))?.Version;

    private static async Task MoveAsync(Registry registry, string version, AliasMoveKind kind)
    {
        var move = registry.Alias.NewMove(kind, await registry.PublishAsync(version), "x", "y");
        (await registry.Alias.MoveAsync(await registry.Store.ReadAliasAsync(Stop), move, Stop)).Done.ShouldBeTrue();
    }
}
