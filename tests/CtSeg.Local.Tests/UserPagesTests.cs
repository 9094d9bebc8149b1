using System.CommandLine.Parsing;
using CtSeg.Local.Bench;
using CtSeg.Testing;

namespace CtSeg.Local.Tests;

/// <summary>What the pages tell users to type is what this program understands; what it hands on to the job is held to the job.</summary>
public sealed class UserPagesTests
{
    public static TheoryData<string, string> Commands => Rows(PageCommands.Whole);

    public static TheoryData<string, string> Mentions => Rows(page => PageCommands.Mentioned(page, words => words.Length > 1 && CommandLine.OwnVerbs.Contains(words[0])));

    [Theory]
    [MemberData(nameof(Commands))]
    public void Given_ACommandOfAPage_When_Parsed_Then_TheProgramKnowsIt(string page, string command) =>
        CommandLine.Read([.. CommandLineParser.SplitCommandLine(command)]).Errors.Select(error => error.Message).ShouldBeEmpty($"{page}: {command}");

    // A sentence may leave out what a command needs, not name what it does not have.
    [Theory]
    [MemberData(nameof(Mentions))]
    public void Given_WhatASentenceNames_When_Parsed_Then_EveryWordOfItIsKnown(string page, string command) =>
        CommandLine.Read([.. CommandLineParser.SplitCommandLine(command)]).UnmatchedTokens.ShouldBeEmpty($"{page}: {command}");

    private static TheoryData<string, string> Rows(Func<string, IEnumerable<string>> commandsOf)
    {
        var rows = new TheoryData<string, string>();
        foreach (var page in PageCommands.Pages)
        {
            foreach (var command in commandsOf(page).Where(IsOwn))
                rows.Add(page, command);
        }
        return rows;
    }

    private static bool IsOwn(string command)
    {
        var words = command.Split(' ');
        return CommandLine.OwnVerbs.Contains(words[0]) && !(words is ["bench", var what, ..] && BenchCommand.OfTheJob.Any(bench => bench.Name == what))
            && words is not ["bench", "one-model", ..];
    }
}
