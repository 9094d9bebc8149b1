using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingJob.Retraining;

namespace CtSeg.TrainingJob.Tests.Retraining;

public sealed class LearningChangesTests
{
    private static readonly PictureIdentity Known = Picture(1);

    [Fact]
    public void Given_MaskThatTheModelLearnt_When_ItsDataSetIsGone_Then_NothingIsNew() =>
        Kinds(Saw(Known, mask: 1), before: null, Slice(1, Known, mask: 1)).ShouldBeEmpty();

    [Fact]
    public void Given_CorrectedMask_When_TheDataSetIsGone_Then_Replaced() =>
        Kinds(Saw(Known, mask: 1), before: null, Slice(1, Known, mask: 2)).ShouldBe([SliceChangeKind.Replaced]);

    [Fact]
    public void Given_MaskCorrectedBack_When_TheModelLearntTheOther_Then_Replaced()
    {
        var child = TrainedOn.Of("child", null, [Known], [], Saw(Known, mask: 1), [new LearntMask(Known.Sha256, Hash(2))]);
        Kinds(child, before: null, Slice(1, Known, mask: 1)).ShouldBe([SliceChangeKind.Replaced]);
        Kinds(child, before: null, Slice(1, Known, mask: 2)).ShouldBeEmpty();
    }

    [Fact]
    public void Given_TheSameSliceInAnotherFile_When_ItsMaskWasNeverCompared_Then_Added() =>
        Kinds(Saw(Known, mask: 1), before: null, Slice(2, new PictureIdentity(Hash(77), Known.Fingerprint), mask: 2)).ShouldBe([SliceChangeKind.Added]);

    [Fact]
    public void Given_PictureOfAnAncestorWithoutMasks_When_Compared_Then_ItCountsAsKnown()
    {
        var child = TrainedOn.Of("child", null, [Picture(2)], [], new TrainedOn("old", null, [Known], []), [new LearntMask(Picture(2).Sha256, Hash(2))]);
        Kinds(child, before: null, Slice(1, Known, mask: 1), Slice(2, Picture(2), mask: 2)).ShouldBeEmpty();
    }

    [Fact]
    public void Given_DocumentFromBeforeMasksWereNoted_When_Compared_Then_TheDataSetTells()
    {
        var old = new TrainedOn("old", "0011223344556677", [Known], []);
        var before = new DataSet("0011223344556677", default, [Slice(1, Known, mask: 1)]);
        Kinds(old, before, Slice(1, Known, mask: 1)).ShouldBeEmpty();
        Kinds(old, before, Slice(1, Known, mask: 2)).ShouldBe([SliceChangeKind.Replaced]);
        Kinds(old, before, Slice(3, Picture(3), mask: 2)).ShouldBe([SliceChangeKind.Added, SliceChangeKind.Removed]);
        Kinds(old, before: null, Slice(1, Known, mask: 2)).ShouldBeEmpty();
    }

    [Fact]
    public void Given_ABlackSliceLearntBeforeMasksWereNoted_When_Compared_Then_OnlyThatVeryPictureIsKnown()
    {
        var (black, white) = (new PictureIdentity(Hash(50), new string('0', 64)), new PictureIdentity(Hash(51), new string('0', 64)));
        Kinds(new TrainedOn("old", null, [black], []), before: null, Slice(1, black, mask: 1), Slice(2, white, mask: 1)).ShouldBe([SliceChangeKind.Added]);
    }

    [Fact]
    public void Given_SliceThatWasLockedWithItsGroup_When_ItIsNoLonger_Then_ItIsNew()
    {
        var before = new DataSet("0011223344556677", default, [Slice(1, Known, mask: 1), Slice(2, Picture(2), mask: 2)]);
        Kinds(Saw(Known, mask: 1), before, Slice(1, Known, mask: 1), Slice(2, Picture(2), mask: 2)).ShouldBe([SliceChangeKind.Added]);
    }

    [Fact]
    public void Given_SliceKeptOutOfTraining_When_ItHasAnotherMask_Then_ToldAndNotNew()
    {
        var slice = Slice(2, Picture(2), mask: 2);
        var before = new DataSet("0011223344556677", default, [slice with { MaskSha256 = Hash(9) }]);
        var change = new LearningChanges(new HashSet<ScanId> { slice.Id }, Saw(Known, mask: 1), before)
            .Find(new DataSet("8899aabbccddeeff", default, [slice])).ShouldHaveSingleItem();
        (change.Kind, change.IsLocked, LearningChanges.IsNew(change)).ShouldBe((SliceChangeKind.Replaced, true, false));
    }

    private static IEnumerable<SliceChangeKind> Kinds(TrainedOn saw, DataSet? before, params DataSetSlice[] now) =>
        new LearningChanges(new HashSet<ScanId>(), saw, before).Find(new DataSet("8899aabbccddeeff", default, now)).Select(change => change.Kind);

    private static TrainedOn Saw(PictureIdentity picture, int mask) => TrainedOn.Of("m", null, [picture], [], masks: [new LearntMask(picture.Sha256, Hash(mask))]);

    private static DataSetSlice Slice(int id, PictureIdentity picture, int mask) => new(ScanId.Parse($"{id:x16}"), $"g{id}", Hash(id), picture, Hash(mask));

    // Fingerprints that differ in many bits.
    private static PictureIdentity Picture(int number) => new(Hash(100 + number), string.Concat(Enumerable.Repeat($"{number * 37:x4}", 16)));

    private static string Hash(int number) => $"{number:x64}";
}
