using System.Text.RegularExpressions;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Tests;

public sealed partial class CommandLineTests
{
    [Fact]
    public void Given_TheOneCommand_When_ItChoosesAProgram_Then_EveryVerbOfThisProgramReachesIt()
    {
        var script = File.ReadAllText(Path.Combine(Checkout.Find().Root, "ctseg"));

        var handed = Handed().Match(script).Groups["verbs"].Value.Split(" | ");

        handed.ShouldBe(CommandLine.OwnVerbs, ignoreOrder: true);
    }

    [Theory]
    [InlineData("scaling", "--seconds-per-slice", "abc")]
    [InlineData("up", "--blob-port", "many")]
    public async Task Given_AValueThatCannotBeRead_When_Typed_Then_ItIsAMistakeOfTheCommandLine(params string[] arguments) =>
        (await CommandLine.RunAsync(arguments)).ShouldBe(ExitCodes.Unusable);

    [GeneratedRegex(@"'' \| -h \| '-\?' \| --help \| --version \| (?<verbs>[a-z |-]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Handed();
}
