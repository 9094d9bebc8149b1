using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Promotion;

namespace CtSeg.TrainingJob.Tests.Promotion;

public sealed class ComparisonSetTests
{
    private static readonly GroupHash Groups = new(new GroupSalt(new string('7', 64)));

    [Fact]
    public void Given_NothingInCommon_When_Asked_Then_AllSlicesCount() => UnseenBy(Model(), Model(Picture(9))).ShouldBe(["a1", "a2", "b1", "c1"]);

    [Fact]
    public void Given_AModelThatKnowsOnePicture_When_Asked_Then_ItsWholeGroupIsLeftOut() => UnseenBy(Model(Picture(1)), Model()).ShouldBe(["b1", "c1"]);

    [Fact]
    public void Given_TheSamePictureInAnotherCompression_When_Asked_Then_ItIsKnownByItsStructure() =>
        UnseenBy(Model(), Model(Picture(3) with { Sha256 = new string('f', 64) })).ShouldBe(["a1", "a2", "c1"]);

    [Fact]
    public void Given_AModelThatKnowsTheGroup_When_Asked_Then_LeftOutAlsoForOtherPictures() =>
        UnseenBy(Model() with { Groups = [Groups.Of("c")] }, Model(Picture(3))).ShouldBe(["a1", "a2"]);

    [Fact]
    public void Given_AGroupThatBearsAnothersName_When_AModelKnowsEither_Then_LeftOut()
    {
        var set = new ComparisonSet("set", Groups, [Slice("a1", "a", 1) with { OwnGroup = "own" }, Slice("a2", "a", 2), Slice("b1", "b", 3)]);
        set.UnseenBy(Model() with { Groups = [Groups.Of("own")] }).Select(slice => slice.Name).ShouldBe(["b1"]);
        set.UnseenBy(Model() with { Groups = [Groups.Of("a")] }).Select(slice => slice.Name).ShouldBe(["b1"]);
    }

    [Fact]
    public void Given_ADescendant_When_ItSaysWhatItLearntFrom_Then_ItsAncestorsPicturesAreAmongThem()
    {
        var child = TrainedOn.Of("child", "0011223344556677", [Picture(3)], [Groups.Of("x")], Model(Picture(1)) with { Groups = [Groups.Of("y")] });
        child.Pictures.ShouldBe([Picture(1), Picture(3)]);
        child.Groups.ShouldBe([.. new[] { Groups.Of("x"), Groups.Of("y") }.Order(StringComparer.Ordinal)]);
        UnseenBy(child, Model()).ShouldBe(["c1"]);
    }

    [Fact]
    public void Given_AModelThatLearntFromABlackSlice_When_Asked_Then_NoGroupIsLeftOutForIt()
    {
        var black = new PictureIdentity(new string('0', 64), new string('0', 64));
        var set = new ComparisonSet("set", Groups, [Slice("a1", "a", 1), Slice("a2", "a", 2) with { Picture = black }, Slice("b1", "b", 3)]);
        set.UnseenBy(Model(black), Model(Picture(3))).Select(slice => slice.Name).ShouldBe(["a1", "a2"]);
    }

    private static IEnumerable<string> UnseenBy(params TrainedOn[] models) => new ComparisonSet(
        "set", Groups, [Slice("a1", "a", 1), Slice("a2", "a", 2), Slice("b1", "b", 3), Slice("c1", "c", 4)]).UnseenBy(models).Select(slice => slice.Name);

    private static ComparisonSlice Slice(string name, string group, int picture) => new(name, group, Picture(picture), _ => throw new NotSupportedException());

    private static TrainedOn Model(params PictureIdentity[] pictures) => new("m", null, pictures, []);

    /// <summary>Pictures of different numbers have nothing in common.</summary>
    private static PictureIdentity Picture(int number)
    {
        var random = new Random(number);
        return new PictureIdentity(new string((char)('0' + number), 64), Convert.ToHexStringLower([.. Enumerable.Range(0, 32).Select(_ => (byte)random.Next(256))]));
    }
}
