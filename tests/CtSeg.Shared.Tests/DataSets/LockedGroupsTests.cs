using CtSeg.Contracts;
using CtSeg.DataSets;

namespace CtSeg.Shared.Tests.DataSets;

public sealed class LockedGroupsTests
{
    /// <summary>Golden values: Python, hashlib and integers.</summary>
    [Theory]
    [InlineData(1, "g01", 0.5804475921383825)]
    [InlineData(1, "g02", 0.7611949631209881)]
    [InlineData(1, "patient ä", 0.7052935786663201)]
    [InlineData(7, "g01", 0.35295056482914944)]
    [InlineData(-3, "x", 0.3460992155042031)]
    public void Given_SeedAndGroup_When_Drawn_Then_TheNumberOfAnotherImplementation(int seed, string group, double number)
    {
        LockedGroups.Draw(group, seed).ShouldBe(number);
        LockedGroups.IsLocked(group, new EvaluationRule(number, seed)).ShouldBeFalse();
        LockedGroups.IsLocked(group, new EvaluationRule(Math.BitIncrement(number), seed)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(0.05, 1)]
    [InlineData(0.2, 1)]
    [InlineData(0.2, 99)]
    [InlineData(0.5, 1)]
    public void Given_ManyGroups_When_Locked_Then_TheShareIsMet(double share, int seed)
    {
        var locked = Enumerable.Range(0, 20_000).Count(number => LockedGroups.IsLocked($"patient-{number}", new EvaluationRule(share, seed)));
        // Five standard deviations of a binomial.
        Math.Abs(locked - share * 20_000).ShouldBeLessThan(5 * Math.Sqrt(20_000 * share * (1 - share)));
    }

    [Fact]
    public void Given_GroupsThatShowTheSamePicture_When_Joined_Then_OneName()
    {
        // c shows a's picture, b shows c's: all three are one. d is beyond the limit, e alone.
        var near = PictureFingerprint.MaxDistance;
        Names(("b", 1 + 2 * near), ("a", 1), ("c", 1 + near), ("d", 2 + 3 * near), ("e", 255)).ShouldBe(["a", "a", "a", "d", "e"]);
    }

    [Fact]
    public void Given_APictureWithoutStructureInEachGroup_When_Joined_Then_TheyStayApart() =>
        Names(("g01", 0), ("g08", 0), ("g08", 200), ("g02", 0), ("g02", PictureFingerprint.MaxDistance)).ShouldBe(["g01", "g08", "g08", "g02", "g02"]);

    [Fact]
    public void Given_APictureInAnotherFile_When_Joined_Then_OneName()
    {
        var hash = new string('7', 64);
        JoinedGroups.Of([Pictures.Document("0000000000000001", "b", Pictures.Bits(1), hash), Pictures.Document("0000000000000002", "a", Pictures.Bits(200), hash)], EvaluationRule.Default)
            .ShouldBe(["a", "a"]);
    }

    [Fact]
    public void Given_AJoinedGroupWithALockedPart_When_Named_Then_ItStaysLocked()
    {
        // By the golden implementation g08 and g21 are locked of g01 to g39 at the default rule.
        LockedGroups.IsLocked("g08", EvaluationRule.Default).ShouldBeTrue();
        LockedGroups.IsLocked("g21", EvaluationRule.Default).ShouldBeTrue();
        Names(("g21", 1), ("g01", 2), ("g08", 3)).ShouldBe(["g08", "g08", "g08"]);
        Names(("g01", 1), ("g21", 2)).ShouldBe(["g21", "g21"]);
        Names(("g03", 1), ("g01", 2)).ShouldBe(["g01", "g01"]);
    }

    [Fact]
    public void Given_Entries_When_Versioned_Then_TheHashOfAnotherImplementation()
    {
        string Chars(char c) => new(c, 64);
        DataSetSlice[] slices =
        [
            new(ScanId.Parse("0011223344556677"), "g ä", Chars('a'), new PictureIdentity(Chars('b'), Chars('c')), Chars('d')),
            new(ScanId.Parse("8899aabbccddeeff"), "h", Chars('1'), new PictureIdentity(Chars('2'), Chars('3')), Chars('4')),
        ];
        DataSetVersions.Of(slices).ShouldBe("673020ea36edce06");
        DataSetVersions.Of(EvaluationRule.Default, slices).ShouldBe("8a45daf243e128f7");
        DataSetVersions.Of([slices[0] with { OwnGroup = "own ü" }, slices[1]]).ShouldBe("df2401a288817d50");
    }

    [Fact]
    public void Given_ASalt_When_AGroupIsHashed_Then_TheHashOfAnotherImplementation()
    {
        new GroupHash(new GroupSalt(string.Concat(Enumerable.Repeat("ab", 32)))).Of("g ä").ShouldBe("d3d3a45d858a5f985ca9866ccc8975880f101f67a645486120b1481f8d2eec71");
        Should.Throw<FormatException>(() => new GroupHash(new GroupSalt("ab")));
    }

    private static IReadOnlyList<string> Names(params (string Group, int Bits)[] slices) => JoinedGroups.Of(
        [.. slices.Select((slice, i) => Pictures.Document($"{i:x16}", slice.Group, Pictures.Bits(slice.Bits)))], EvaluationRule.Default);
}
