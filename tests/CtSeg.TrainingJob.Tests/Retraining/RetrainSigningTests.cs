using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

[Collection(TorchCollection.Name)]
public sealed class RetrainSigningTests(AzuriteFixture azurite)
{
    private static readonly TrainingRunRequest Nightly = new(TrainingRunRequest.BySchedule) { Promotion = FewGroups };
    private static readonly (string Private, string Public, string Id) Trusted = ModelSignatures.NewKey();

    [Fact]
    public async Task Given_TrustedSigningKey_When_Trained_Then_SignedAndPromoted()
    {
        var world = await OpenAsync(key: Trusted.Private);
        var run = await world.RequestAsync(Nightly);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));

        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
        (await world.ServedAsync()).ShouldBe(run);
        var files = (await world.Models.FindFilesAsync(run, Stop)).ShouldNotBeNull();
        ModelSignatures.Verify(TrustedKeys.Read(Trusted.Public), run, await world.Models.FindSignatureAsync(run, Stop), files.ManifestJson, files.Manifest.WeightsSha256);
    }

    [Fact]
    public async Task Given_ModelThatAKilledJobPublishedUnsigned_When_GoneOnWith_Then_SignedWithoutATraining()
    {
        var world = await OpenAsync(key: Trusted.Private);
        var run = await world.RequestAsync(Nightly);
        await world.PublishAsync(run, seed: 2, new TrainedOn(run, null, [], []));
        var trainer = new FakeTrainer();
        await world.DrainAsync(trainer, new FakeJudge(promotes: true));
        ((await world.ReadAsync(run)).State, trainer.Trained).ShouldBe((TrainingRunState.Promoted, 0));
        (await world.Models.FindSignatureAsync(run, Stop)).ShouldNotBeNull().KeyId.ShouldBe(Trusted.Id);
    }

    [Fact]
    public async Task Given_KeysButNoneToSignWith_When_TheNightAsks_Then_SkippedBeforeATraining()
    {
        var world = await OpenAsync(key: null);
        var run = await world.RequestAsync(Nightly);
        var trainer = new FakeTrainer();
        await world.DrainAsync(trainer, new FakeJudge(promotes: true));
        var ended = await world.ReadAsync(run);
        (ended.State, trainer.Trained).ShouldBe((TrainingRunState.Skipped, 0));
        ended.Reason.ShouldNotBeNull().ShouldContain("set ModelSigningKey, or start a run by hand");
    }

    [Fact]
    public async Task Given_KeysButNoneToSignWith_When_SomebodyAsks_Then_TrainedAndRefusedUntilItIsSignedByHand()
    {
        var world = await OpenAsync(key: null);
        var run = await world.RequestAsync();
        var trainer = new FakeTrainer();
        await world.DrainAsync(trainer, new FakeJudge(promotes: true));
        var ended = await world.ReadAsync(run);
        (ended.State, trainer.Trained).ShouldBe((TrainingRunState.Refused, 1));
        ended.Reason.ShouldNotBeNull().ShouldContain($"sign it by 'models sign {run}'");
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        var decision = (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull();
        (decision.Promote, decision.Reason).ShouldBe((false, ended.Reason));
    }

    [Fact]
    public async Task Given_NoKeyToSignWith_When_ShadowAskedFor_Then_RefusedBeforeTheShadow()
    {
        var world = await OpenAsync(key: null);
        var run = await world.RequestAsync(new TrainingRunRequest("test") { Promotion = FewGroups, Shadow = new ShadowTerms() });
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Refused);
    }

    [Theory]
    [InlineData(TrainingRunRequest.BySchedule)]
    [InlineData("api")]
    public async Task Given_SigningKeyThatNobodyTrusts_When_Asked_Then_SkippedBeforeATraining(string by)
    {
        var world = await OpenAsync(key: ModelSignatures.NewKey().PrivateKey);
        var run = await world.RequestAsync(new TrainingRunRequest(by) { Promotion = FewGroups });
        var trainer = new FakeTrainer();
        await world.DrainAsync(trainer, new FakeJudge(promotes: true));
        var ended = await world.ReadAsync(run);
        (ended.State, trainer.Trained).ShouldBe((TrainingRunState.Skipped, 0));
        ended.Reason.ShouldNotBeNull().ShouldContain("of ModelSigningKey is none of TrustedModelKeys");
    }

    [Fact]
    public async Task Given_SigningKeyAndNoTrustedOnes_When_Trained_Then_SignedAllTheSame()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        world.Key = SigningKey.Read(Trusted.Private);
        var run = await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.Models.FindSignatureAsync(run, Stop)).ShouldNotBeNull().KeyId.ShouldBe(Trusted.Id);
    }

    [Fact]
    public async Task Given_ChampionThatNobodySigned_When_Asked_Then_FailedBeforeATraining()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        (world.Trusted, world.Key) = (TrustedKeys.Read(Trusted.Public), SigningKey.Read(Trusted.Private));
        var trainer = new FakeTrainer();
        var ended = await world.ReadAsync(await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true)));
        (ended.State, trainer.Trained).ShouldBe((TrainingRunState.Failed, 0));
        ended.Reason.ShouldNotBeNull().ShouldStartWith($"The model {ChampionVersion} is not signed");
    }

    [Fact]
    public async Task Given_ChampionWhoseManifestWasSwappedInTraining_When_Judged_Then_Failed()
    {
        var world = await OpenAsync(key: Trusted.Private);
        var trainer = new FakeTrainer
        {
            Meanwhile = async (_, _) => await world.Models.StoreSignatureAsync(
                ChampionVersion, ModelSignatures.Sign(Trusted.Private, BinaryData.FromString("another"), new string('a', 64)), Stop),
        };
        var run = await world.RequestAsync();
        await world.DrainAsync(trainer);
        var ended = await world.ReadAsync(run);
        ended.State.ShouldBe(TrainingRunState.Failed);
        ended.Reason.ShouldNotBeNull().ShouldStartWith($"The signature of the model {ChampionVersion} does not fit");
    }

    [Fact]
    public void Given_KeyAsTextOrFile_When_Read_Then_Known()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["key"], Trusted.Private);
        SigningKey.Read(Trusted.Private).ShouldNotBeNull().Id.ShouldBe(Trusted.Id);
        SigningKey.Read(folder["key"]).ShouldNotBeNull().Id.ShouldBe(Trusted.Id);
        SigningKey.Read(null).ShouldBeNull();
        SigningKey.Read(" ").ShouldBeNull();
    }

    [Fact]
    public void Given_WhatIsNoPrivateKey_When_Read_Then_RefusedWithoutShowingIt()
    {
        // The second line of a key alone looks like a path.
        var secret = Trusted.Private.Split('\n')[1].Trim();
        foreach (var wrong in (string[])[secret, Trusted.Public, $"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"])
        {
            var refused = Should.Throw<UntrustedModelException>(() => SigningKey.Read(wrong));
            refused.Message.ShouldStartWith("ModelSigningKey ");
            refused.ToString().ShouldNotContain(secret);
        }
    }

    private async Task<RetrainWorld> OpenAsync(string? key)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        await world.Models.SignAsync(ChampionVersion, Trusted.Private, Stop);
        (world.Trusted, world.Key) = (TrustedKeys.Read(Trusted.Public), SigningKey.Read(key));
        return world;
    }
}
