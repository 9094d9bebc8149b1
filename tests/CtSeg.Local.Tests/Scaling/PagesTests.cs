using System.Text.RegularExpressions;
using CtSeg.Contracts;
using CtSeg.Local.Scaling;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Tests.Scaling;

/// <summary>docs/scaling.md and docs/deploy.md say what the commands and the templates say.</summary>
public sealed partial class PagesTests
{
    private const int Seed = 1;
    private static readonly string Root = Checkout.Find().Root;
    private static readonly string Template = Path.Combine(Root, "infra-bicep", "main.bicep");
    private static readonly PriceList Prices = PriceList.Read(Path.Combine(Root, "infra-bicep", "prices.json"));

    [Fact]
    public void Given_TheCosts_When_Printed_Then_ThePageShowsTheSameTables()
    {
        var page = Page("deploy.md");

        foreach (var table in ScalingCommand.CostsOf(Prices, 100, Seed))
            page.ShouldContain(table.ToMarkdown());
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(100, 0)]
    [InlineData(100, SettingsSearch.DefaultBacklog)]
    public void Given_ADay_When_Simulated_Then_ThePageShowsTheSameRow(int hospitals, int backlog) => PageShows(hospitals, backlog);

    [Fact, Trait("Category", "Slow")]
    public void Given_ADayOfAThousandHospitals_When_Simulated_Then_ThePageShowsTheSameRow()
    {
        PageShows(1000, 0);
        Page("scaling.md").ShouldContain(LimitTable.Of(Prices, Day(1000, Hardware.T4, 0)).ToMarkdown());
    }

    [Fact, Trait("Category", "Slow")]
    public void Given_TheSearch_When_RunAgain_Then_ItChoosesTheDefaults()
    {
        var tried = new SettingsSearch(new ArrivalPattern(100), [Hardware.Cpu, Hardware.T4], new ServiceTimes(), Prices, Seed).Try(TestContext.Current.CancellationToken);

        SettingsSearch.Choose(tried)!.Settings.ShouldBe(JobSettings.Default);
    }

    [Fact]
    public void Given_TheTemplate_When_Read_Then_ItsDefaultsAreThoseOfTheSimulation()
    {
        var parameters = Parameters();

        parameters["messagesPerExecution"].ShouldBe($"{JobSettings.Default.MessagesPerExecution}");
        parameters["batch"].ShouldBe($"{JobSettings.Default.Batch}");
        parameters["idleSeconds"].ShouldBe($"{JobSettings.Default.IdleSeconds}");
        parameters["maxExecutions"].ShouldBe($"{JobSettings.Default.MaxExecutions}");
    }

    [Fact]
    public void Given_TheTemplate_When_Read_Then_ThePageNamesItsParametersAndNoOthers()
    {
        var named = Section(Page("deploy.md"), "## Parameters").Split('\n')
            .Select(line => FirstCell().Match(line)).Where(cell => cell.Success).SelectMany(cell => Names().Matches(cell.Groups["cell"].Value)).Select(name => name.Groups["name"].Value);

        named.ShouldBe(Parameters().Keys, ignoreOrder: true);
    }

    [Fact]
    public void Given_TheModules_When_Counted_Then_TheCostsAtRestHaveAsMany()
    {
        SkipWithoutTemplate();
        var modules = Path.Combine(Root, "infra-bicep", "modules");

        CountOf("'privatelink.", Path.Combine(modules, "network.bicep")).ShouldBe(CostTables.PrivateZones);
        CountOf("part: '", Template).ShouldBe(CostTables.PrivateEndpoints);
        CountOf("    query: '", Path.Combine(modules, "alerts.bicep")).ShouldBe(CostTables.LogAlerts);
        // Dead letters are watched queue by queue, the rest as one series each.
        CostTables.MetricSeries.ShouldBe(Queues.All.Count + CountOf("    metric: '", Path.Combine(modules, "alerts.bicep")) - 1);
    }

    [Fact]
    public void Given_TheTemplates_When_Read_Then_ThePageNamesTheirProviders()
    {
        SkipWithoutTemplate();
        var used = Directory.GetFiles(Path.Combine(Root, "infra-bicep"), "*.bicep", SearchOption.AllDirectories)
            .SelectMany(file => Resource().Matches(File.ReadAllText(file))).Select(match => match.Groups["provider"].Value).Distinct();

        var line = Section(Page("deploy.md"), "## Before").Split('\n').Single(line => line.StartsWith("Resource providers", StringComparison.Ordinal));
        Provider().Matches(line).Select(match => match.Groups["provider"].Value).ShouldBe(used, ignoreOrder: true);
    }

    private static void PageShows(int hospitals, int backlog)
    {
        var page = Page("scaling.md");
        foreach (var hardware in new[] { Hardware.Cpu, Hardware.T4 })
        {
            var day = Day(hospitals, hardware, backlog);
            var table = backlog > 0 ? ScalingTables.OfBacklogs("", [day]) : ScalingTables.OfDays("", [day], Prices);
            page.ShouldContain(table.ToMarkdown().Split('\n')[2]);
        }
    }

    private static DayFigures Day(int hospitals, Hardware hardware, int backlog) =>
        DayFigures.Run(new ArrivalPattern(hospitals) { Backlog = backlog }, hardware, JobSettings.Default, new ServiceTimes(), Seed);

    private static string Page(string name) => File.ReadAllText(Path.Combine(Root, "docs", name));

    private static string Section(string page, string title)
    {
        var start = page.IndexOf(title + "\n", StringComparison.Ordinal);
        start.ShouldBeGreaterThanOrEqualTo(0, $"no section '{title}'");
        var end = page.IndexOf("\n## ", start + title.Length, StringComparison.Ordinal);
        return end < 0 ? page[start..] : page[start..end];
    }

    /// <summary>Name and default of every parameter of the template.</summary>
    private static Dictionary<string, string> Parameters()
    {
        SkipWithoutTemplate();
        return Parameter().Matches(File.ReadAllText(Template)).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);
    }

    private static int CountOf(string text, string file) => File.ReadAllText(file).Split(text).Length - 1;

    private static void SkipWithoutTemplate() => Assert.SkipUnless(File.Exists(Template), "The templates are not in this checkout.");

    [GeneratedRegex(@"^param (?<name>\w+) [\w\[\]]+( = (?<value>.*))?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^\| (?<cell>`[^|]+) \|", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FirstCell();

    [GeneratedRegex(@"^resource \w+ '(?<provider>Microsoft\.\w+)/", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Resource();

    [GeneratedRegex(@"`(?<provider>Microsoft\.\w+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Provider();

    [GeneratedRegex("`(?<name>\\w+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Names();
}
