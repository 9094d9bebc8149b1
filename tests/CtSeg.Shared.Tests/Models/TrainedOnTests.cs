using System.Text.Json;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Shared.Tests.DataSets;

namespace CtSeg.Shared.Tests.Models;

public sealed class TrainedOnTests
{
    private static readonly PictureIdentity One = new(new string('1', 64), new string('0', 64));
    private static readonly PictureIdentity Two = new(new string('2', 64), new string('0', 64));

    [Fact]
    public void Given_ParentAndChild_When_BothLearntAPicture_Then_TheChildsMaskCounts()
    {
        var parent = TrainedOn.Of("parent", null, [One, Two], [], masks: [new LearntMask(Two.Sha256, "a"), new LearntMask(One.Sha256, "a")]);
        parent.Masks.ShouldNotBeNull().Select(mask => mask.Picture).ShouldBe([One.Sha256, Two.Sha256]);
        TrainedOn.Of("child", null, [One], [], parent, [new LearntMask(One.Sha256, "c"), new LearntMask(One.Sha256, "b")]).Masks
            .ShouldBe([new LearntMask(One.Sha256, "b"), new LearntMask(One.Sha256, "c"), new LearntMask(Two.Sha256, "a")]);
    }

    [Fact]
    public void Given_ParentFromBeforeMasksWereNoted_When_AChildIsDescribed_Then_OnlyItsOwnAreKnown()
    {
        var parent = TrainedOn.Of("parent", null, [One], []);
        parent.Masks.ShouldBeNull();
        var child = TrainedOn.Of("child", null, [Two], [], parent, [new LearntMask(Two.Sha256, "a")]);
        child.Masks.ShouldBe([new LearntMask(Two.Sha256, "a")]);
        child.Pictures.ShouldBe([One, Two]);
    }

    [Fact]
    public void Given_Slice_When_StoredAndLearntFromAFolder_Then_ItsMaskHasOneName()
    {
        var slice = Pictures.Slice(1, mask: Pictures.Mask(2));
        var (stored, _) = SliceDocuments.Describe(slice);
        LearntMask.Of(stored.Picture, slice.Mask).ShouldBe(new LearntMask(stored.Picture.Sha256, stored.MaskSha256));
    }

    [Fact]
    public void Given_DocumentWithoutMasks_When_Read_Then_NoneIsKnownAndNoneIsWritten()
    {
        const string json = """{"version":"a","dataSet":null,"pictures":[],"groups":[],"schemaVersion":1}""";
        var read = JsonSerializer.Deserialize(json, ModelsJson.Default.TrainedOn).ShouldNotBeNull();
        read.Masks.ShouldBeNull();
        JsonSerializer.Serialize(read, ModelsJson.Default.TrainedOn).ShouldNotContain("masks");
    }
}
