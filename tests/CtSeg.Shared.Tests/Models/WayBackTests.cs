using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using Microsoft.Extensions.Time.Testing;
using static CtSeg.Shared.Tests.Models.Registry;

namespace CtSeg.Shared.Tests.Models;

/// <summary>A rollback goes to no model that jobs would refuse to load, and says where it can go.</summary>
public sealed class WayBackTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData(false, "SHA-256")]
    [InlineData(true, "does not exist")]
    public async Task Given_DamagedOrMissingWeights_When_RolledBack_Then_NothingIsWrittenAndAnEarlierModelIsNamed(bool missing, string why)
    {
        var registry = await ServedAsync("a", "b", "c");
        await registry.BreakWeightsAsync("b");
        if (missing)
            await registry.Models.GetBlobClient(BlobPaths.ModelWeights("b")).DeleteAsync(cancellationToken: Stop);
        var notes = await registry.NotesAsync();
        (await RefusalAsync(registry.Alias)).ShouldSatisfyAllConditions(
            message => message.ShouldContain(why), message => message.ShouldContain("c goes on serving"), message => message.ShouldContain("'models rollback --to a'"));
        (await registry.CurrentAsync(), (await registry.NotesAsync()).Count).ShouldBe(("c", notes.Count));

        var way = await registry.Alias.FindWayBackAsync("a", Stop);
        (await registry.Alias.RollbackAsync(way, "somebody", "Wrong.", Stop)).Done.ShouldBeTrue();
        (await registry.Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.ShouldSatisfyAllConditions(
            current => current.Version.ShouldBe("a"), current => current.Before.ShouldBeNull());
        var move = (await registry.HistoryAsync())[^1].Move;
        (move.Kind, move.From?.Version, move.To.Version).ShouldBe((AliasMoveKind.Rollback, "c", "a"));
    }

    [Fact]
    public async Task Given_TrustedKeys_When_TheModelBeforeIsUnsignedOrItsSignatureDoesNotFit_Then_RefusedAndTheSignedOneIsNamed()
    {
        var registry = await ServedAsync("a", "b", "c");
        var (key, publicKey, _) = ModelSignatures.NewKey();
        var alias = new ModelAlias(registry.Storage, registry.Clock) { Trusted = TrustedKeys.Read(publicKey) };
        (await RefusalAsync(alias)).ShouldSatisfyAllConditions(
            message => message.ShouldContain("b is not signed"), message => message.ShouldContain("No model that served earlier can serve either"));
        var signature = await registry.Store.SignAsync("a", key, Stop);
        (await RefusalAsync(alias)).ShouldContain("'models rollback --to a'");
        await registry.Store.StoreSignatureAsync("b", signature, Stop);
        (await RefusalAsync(alias)).ShouldContain("does not fit");
        await registry.Store.SignAsync("b", key, Stop);
        (await alias.RollbackAsync("somebody", "Wrong.", Stop)).Done.ShouldBeTrue();
        (await registry.CurrentAsync()).ShouldBe("b");
    }

    [Fact]
    public async Task Given_TheOnlyUsableModelServes_When_RolledBack_Then_ItIsNotNamedAsTheWayBack()
    {
        var registry = await ServedAsync("a", "b", "a");
        await registry.BreakWeightsAsync("b");
        (await RefusalAsync(registry.Alias)).ShouldContain("No model that served earlier can serve either");
    }

    [Theory]
    [InlineData("c", "c serves already")]
    [InlineData("d", "'d' is none of those that served before c (a, b did)")]
    public async Task Given_AVersionThatIsNoWayBack_When_Named_Then_Refused(string to, string why)
    {
        var registry = await ServedAsync("a", "b", "c");
        (await Should.ThrowAsync<AliasMoveRefusedException>(() => registry.Alias.FindWayBackAsync(to, Stop))).Message.ShouldContain(why);
    }

    [Fact]
    public async Task Given_AnotherMoveAfterTheWayWasFound_When_RolledBack_Then_Lost()
    {
        var registry = await ServedAsync("a", "b");
        var way = await registry.Alias.FindWayBackAsync(to: null, Stop);
        await registry.PromoteAsync("c");
        (await registry.Alias.RollbackAsync(way, "somebody", "Wrong.", Stop)).Done.ShouldBeFalse();
        (await registry.CurrentAsync()).ShouldBe("c");
    }

    [Fact]
    public async Task Given_AMachineWhoseClockIsBehind_When_TheMovesAreListed_Then_EachComesAfterTheOneThatItBeganFrom()
    {
        var registry = await ServedAsync("a", "b", "c");
        var behind = new ModelAlias(registry.Storage, new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 15, 0, 0, TimeSpan.Zero)));
        (await behind.RollbackAsync("somebody", "Wrong.", Stop)).Done.ShouldBeTrue();
        (await behind.RollbackAsync("somebody", "Wrong.", Stop)).Done.ShouldBeTrue();
        (await registry.HistoryAsync()).Select(move => (move.Move.Kind, move.Move.To.Version)).ShouldBe([
            (AliasMoveKind.Promotion, "a"), (AliasMoveKind.Promotion, "b"), (AliasMoveKind.Promotion, "c"), (AliasMoveKind.Rollback, "b"), (AliasMoveKind.Rollback, "a"),
        ]);
    }

    private static async Task<string> RefusalAsync(ModelAlias alias) =>
        (await Should.ThrowAsync<AliasMoveRefusedException>(() => alias.RollbackAsync("somebody", "Wrong.", Stop))).Message;

    private async Task<Registry> ServedAsync(params string[] versions)
    {
        var registry = await OpenAsync(azurite);
        foreach (var version in versions)
            (await registry.PromoteAsync(version)).Done.ShouldBeTrue();
        return registry;
    }
}
