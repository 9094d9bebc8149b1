using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Bench;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.DataSets;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Robustness;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests;

/// <summary>What the pages tell users to type, and the decision that they explain, are what the program understands.</summary>
public sealed partial class UserPagesTests
{
    private static readonly RootCommand Job = new()
    {
        TrainCommand.Create(), CrossValidateCommand.Create(), EvaluateCommand.Create(), RobustnessCommand.Create(), InputCheckCommand.Create(), PredictCommand.Create(),
        NewModelCommand.Create(), DataCommand.Create(_ => null, TimeProvider.System), ModelsCommand.Create(), BenchCommand.Create(), RetrainCommand.Create(),
        TrainingRunsCommand.Create(), DeadLettersCommand.Create(), SettingsCommand.Create(),
        ConsumeCommand.Create(_ => throw new NotSupportedException(), _ => throw new NotSupportedException()),
    };

    // Read by the program around the job, whose own tests hold the pages to it.
    private static readonly HashSet<string> OthersVerbs = new(StringComparer.Ordinal) { "demo", "up", "servicebus", "test", "host", "scaling", "--help" };
    private static readonly HashSet<string> OthersBenches = new(StringComparer.Ordinal) { "pipeline", "handler", "servicebus", "retraining" };

    public static TheoryData<string, string> Commands => Rows(PageCommands.Whole);

    public static TheoryData<string, string> Mentions => Rows(page => PageCommands.Mentioned(page, IsCommand));

    public static TheoryData<string> Examples => [.. All(Job).SelectMany(ExamplesOf).Distinct()];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Given_ACommandOfAPage_When_Parsed_Then_TheProgramKnowsIt(string page, string command) =>
        Parse(command).Errors.Select(error => error.Message).ShouldBeEmpty($"{page}: {command}");

    // A sentence may leave out what a command needs, not name what it does not have.
    [Theory]
    [MemberData(nameof(Mentions))]
    public void Given_WhatASentenceNames_When_Parsed_Then_EveryWordOfItIsKnown(string page, string command) =>
        Parse(command).UnmatchedTokens.ShouldBeEmpty($"{page}: {command}");

    [Theory]
    [MemberData(nameof(Examples))]
    public void Given_AnExampleOfTheHelp_When_Parsed_Then_TheProgramKnowsIt(string command) =>
        Parse(command).Errors.Select(error => error.Message).ShouldBeEmpty();

    [Theory]
    [InlineData("README.md", "predict")]
    [InlineData("docs/model-card.md", "train")]
    [InlineData("docs/model-card.md", "cross-validate")]
    [InlineData("docs/model-card.md", "evaluate")]
    [InlineData("docs/model-card.md", "input-check")]
    [InlineData("docs/performance.md", "new-model")]
    [InlineData("docs/performance.md", "bench")]
    [InlineData("docs/results/experiments.md", "cross-validate")]
    [InlineData("docs/results/tables/README.md", "cross-validate")]
    [InlineData("docs/results/robustness.md", "robustness")]
    [InlineData("docs/retraining.md", "models")]
    [InlineData("docs/erasure.md", "data")]
    [InlineData("docs/operations.md", "dead-letters")]
    public void Given_APage_When_ItsCommandsAreCollected_Then_ThoseThatItIsAboutAreAmongThem(string page, string verb) =>
        Commands.Where(row => row.Data.Item1 == page).ShouldContain(row => row.Data.Item2.StartsWith(verb + " ", StringComparison.Ordinal));

    [Fact]
    public void Given_TheIntervalsOfTheModelCard_When_Read_Then_ItIsSaidBesideThemWhatGroupsAre() =>
        Page("model-card.md").Split("\n## ").Single(section => section.StartsWith("Scores\n", StringComparison.Ordinal)).ShouldContain(GroupBootstrap.Caveat);

    [Fact]
    public void Given_TheDecisionThatIsReadAloud_When_Read_Then_ItsVerdictsFollowFromItsNumbers()
    {
        var json = DecisionPattern().Match(Page("retraining.md")).Groups["json"].Value;
        var decision = JsonSerializer.Deserialize(json, ModelsJson.Default.PromotionDecision).ShouldNotBeNull();
        foreach (var one in decision.Classes.Prepend(decision.Overall))
        {
            (one.ChallengerDice - one.ChampionDice).ShouldNotBeNull().ShouldBe(one.Gain.ShouldNotBeNull(), 1e-9);
            one.GainAtLeast.ShouldNotBeNull().ShouldBeLessThan(one.Gain.Value);
            one.Decides.ShouldBe(one.GroupsWithClass >= decision.Terms.MinGroups);
            one.Passes.ShouldBe(one.Decides && one.GainAtLeast > (one == decision.Overall ? 0 : -decision.Terms.Margin));
        }
        decision.Promote.ShouldBe(decision.Overall.Passes && decision.Classes.Where(one => one.Decides).All(one => one.Passes));
        decision.Terms.ShouldBe(new PromotionTerms());
    }

    private static ParseResult Parse(string command) => Job.Parse([.. CommandLineParser.SplitCommandLine(command)]);

    private static TheoryData<string, string> Rows(Func<string, IEnumerable<string>> commandsOf)
    {
        var rows = new TheoryData<string, string>();
        foreach (var page in PageCommands.Pages)
        {
            foreach (var command in commandsOf(page).Where(IsOfTheJob))
                rows.Add(page, command);
        }
        return rows;
    }

    private static bool IsOfTheJob(string command)
    {
        var words = command.Split(' ');
        return !OthersVerbs.Contains(words[0]) && !(words is ["bench", var what, ..] && OthersBenches.Contains(what));
    }

    // Words of other kinds begin like verbs: names of spans, of folders.
    private static bool IsCommand(string[] words) =>
        words.Length > 1 && Job.Subcommands.SingleOrDefault(verb => verb.Name == words[0]) is { } verb
        && (verb.Subcommands.Count > 0 || words.Any(word => word.StartsWith("--", StringComparison.Ordinal)));

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    /// <summary>Lines under "Examples:", up to the words that explain them.</summary>
    private static IEnumerable<string> ExamplesOf(Command command) => (command.Description ?? "").Split("Examples:\n").Skip(1)
        .SelectMany(examples => examples.Split('\n'))
        .Where(line => line.StartsWith("  ", StringComparison.Ordinal) && !line.StartsWith("   ", StringComparison.Ordinal))
        .Select(line => line[2..].Replace("ctseg-job ", "", StringComparison.Ordinal).Split("   ")[0].Split(" | ")[0])
        .Where(line => Job.Subcommands.Any(verb => verb.Name == line.Split(' ')[0]));

    private static string Page(string name) => File.ReadAllText(Path.Combine(Repository.Root, "docs", name));

    [GeneratedRegex("^```json\\n(?<json>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex DecisionPattern();
}
