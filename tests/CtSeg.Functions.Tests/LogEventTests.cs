using System.Globalization;
using System.Reflection;
using CtSeg.Testing;
using Microsoft.Extensions.Logging;

namespace CtSeg.Functions.Tests;

public sealed class LogEventTests
{
    private static readonly IReadOnlyList<LoggerMessageAttribute> Events = [.. typeof(FunctionsApp).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
        .SelectMany(method => method.GetCustomAttributes<LoggerMessageAttribute>())];

    [Fact]
    public void Given_TheEventsOfTheFunctions_When_Compared_Then_NoNumberMeansTwoThings() =>
        Events.GroupBy(e => e.EventId).Where(same => same.Count() > 1).Select(same => same.Key).ShouldBeEmpty();

    [Fact]
    public void Given_TheTableOfEvents_When_Compared_Then_ItHasAllThatAnOperatorMustSee()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        var rows = page[page.IndexOf("| event | says |", StringComparison.Ordinal)..].Split('\n').Skip(2).TakeWhile(line => line.StartsWith('|'));
        var told = rows.SelectMany(row => row.Split('|')[1].Split(',')).Select(id => int.Parse(id, CultureInfo.InvariantCulture));

        told.ShouldBe(Events.Where(e => e.Level >= LogLevel.Warning).Select(e => e.EventId), ignoreOrder: true);
    }
}
