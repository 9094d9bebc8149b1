using System.Text.RegularExpressions;
using System.Xml;
using Cronos;
using CtSeg.Configuration;
using CtSeg.Contracts;
using CtSeg.Local.Scaling;
using CtSeg.Local.Stack;
using CtSeg.Recovery;

namespace CtSeg.Local.Tests.Scaling;

/// <summary>docs/scaling.md and docs/deploy.md say what the commands and the templates say.</summary>
public sealed partial class PagesTests
{
    private const int Seed = 1;
    private static readonly string Root = Checkout.Find().Root;
    private static readonly string Template = Path.Combine(Root, "infra-bicep", "main.bicep");
    private static readonly string SegmentationJob = Path.Combine(Root, "infra-bicep", "modules", "segmentation-job.bicep");
    private static readonly Dictionary<(int Hospitals, int Backlog), IntakeOutcome> Intakes = [];
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
        var days = PageShows(1000, 0);
        Page("scaling.md").ShouldContain(LimitTable.Of(Prices, days[1]).ToMarkdown());
        // The cure that the page names.
        Day(1000, Hardware.Cpu, 0, JobSettings.Default with { MaxExecutions = 16 }).Reconciled.GivenUp.ShouldBe(0);
    }

    [Fact, Trait("Category", "Slow")]
    public void Given_TheSearch_When_RunAgain_Then_ItChoosesTheDefaults()
    {
        var tried = new SettingsSearch(new ArrivalPattern(100), [Hardware.Cpu, Hardware.T4], JobSettings.Default, new ServiceTimes(), Prices, Seed).Try(TestContext.Current.CancellationToken);

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
    public void Given_TheTemplate_When_Read_Then_ItsTimesAndCountsAreThoseOfTheSimulation()
    {
        var (settings, segmentation) = (JobSettings.Default, Module("segmentationJob"));

        ValueIn(File.ReadAllText(SegmentationJob), "pollingInterval").ShouldBe($"{settings.PollingSeconds}");
        ValueIn(segmentation, "timeoutSeconds").ShouldBe($"{settings.TimeoutSeconds}");
        XmlConvert.ToTimeSpan(ValueIn(Module("bus"), "lockDuration")).TotalSeconds.ShouldBe(settings.LockSeconds);
        ValueIn(Module("bus"), "maxDeliveryCount").ShouldBe($"{settings.MaxDeliveries}");
        PeriodOf("ReconcileSchedule").ShouldBe(settings.ReconcileSeconds);
        ValueIn(Module("functions"), "maxInstances").ShouldBe($"{new IntakePool().MaxInstances}");
        ValueIn(Module("functionsContainer"), "maxInstances").ShouldBe($"{new IntakePool().MaxInstances}");
        ValueIn(Module("functions"), "instanceMemoryMb").ShouldBe($"{SliceFootprint.FunctionMemoryGb * 1024}");
        ValueIn(File.ReadAllText(Path.Combine(Root, "host.json")), "\"maxDegreeOfParallelism\"").ShouldBe($"{new IntakePool().Concurrency}");
    }

    [Fact]
    public void Given_TheTemplate_When_Read_Then_AnExecutionHasWhatTheSimulationPaysFor()
    {
        var (segmentation, job) = (Module("segmentationJob"), File.ReadAllText(SegmentationJob));

        (ValueIn(segmentation, "cpu"), ValueIn(segmentation, "memory")).ShouldBe(($"{Hardware.Cpu.Processors:0.0}", $"{Hardware.Cpu.MemoryGib}Gi"));
        foreach (var gpu in new[] { Hardware.T4, Hardware.A100 })
            (ValueIn(job, "cpu"), ValueIn(job, "memory")).ShouldBe(($"json(onGpu ? '{gpu.Processors:0.0}' : cpu)", $"onGpu ? '{gpu.MemoryGib}Gi' : memory"));
    }

    [Fact]
    public void Given_TheTemplates_When_Read_Then_ScansAreAskedForAgainByTheDefaultsOfTheSettings()
    {
        SkipWithoutTemplate();

        foreach (var file in Directory.GetFiles(Path.Combine(Root, "infra-bicep"), "*.bicep*", SearchOption.AllDirectories))
            foreach (var setting in new[] { Settings.ReconcileAfter, Settings.MaxAttempts, Settings.ReconcileBatch })
                File.ReadAllText(file).ShouldNotContain($"{setting}:", Case.Sensitive);
        JobSettings.Default.Reconcile.ShouldBe(new ReconcilePolicy(
            SettingCatalogue.ReconcileAfter.Unless!.Value, (int)SettingCatalogue.MaxAttempts.Unless!.Value, (int)SettingCatalogue.ReconcileBatch.Unless!.Value));
    }

    [Fact]
    public void Given_TheModel_When_Read_Then_ItAsksAgainAsTheSimulationDoes()
    {
        var (settings, page) = (JobSettings.Default, Page("scaling.md"));

        page.ShouldContain($"Every {settings.ReconcileSeconds / 60} minutes the functions look at the scans without a result");
        page.ShouldContain($"asked for again after {settings.Reconcile.Age.TotalMinutes} minutes, then after twice as long each time");
        page.ShouldContain(FormattableString.Invariant(
            $"after {settings.Reconcile.MaxAttempts} requests without an answer it is given up, {settings.GivenUpAfterSeconds / 3600} hours after the first"));
        page.ShouldContain($"One look takes on {settings.Reconcile.MaxScans} scans");
    }

    [Fact]
    public void Given_TheTimers_When_Read_Then_TheCostsAtRestHaveAsManyCalls()
    {
        (PeriodOf("ReconcileSchedule"), PeriodOf("TrainingRunsSchedule")).ShouldBe((CostTables.SecondsBetweenLooks, CostTables.SecondsBetweenLooks));
        PeriodOf(Parameters()["retrainingSchedule"].Trim('\''), isCron: true).ShouldBe(86_400);
    }

    [Fact]
    public void Given_ThePages_When_Read_Then_ExecutionsEndWhenTheTemplateEndsThem()
    {
        var (segmentation, retraining) = (Parameters()["idleSeconds"], ValueIn(Module("retrainingJob"), "idleSeconds"));

        Page("operations.md").ShouldContain($"for {segmentation} seconds (segmentation) and {retraining} seconds (retraining)");
        var hours = Timeout().Matches(Page("scaling.md")).Select(match => match.Groups["hours"].Value).ToList();
        hours.ShouldBe(Enumerable.Repeat($"{JobSettings.Default.TimeoutSeconds / 3600}", 2));
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
        CountOf(FormattableString.Invariant($"cpu: json('{CostTables.InstanceProcessors}')\n            memory: '{CostTables.InstanceGib}Gi'"), Path.Combine(modules, "functions-container.bicep")).ShouldBe(1);
        CountOf("minReplicas: 1", Path.Combine(modules, "functions-container.bicep")).ShouldBe(1);
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

    /// <returns>On processors and on a T4.</returns>
    private static List<DayFigures> PageShows(int hospitals, int backlog)
    {
        var page = Page("scaling.md");
        List<DayFigures> days = [Day(hospitals, Hardware.Cpu, backlog), Day(hospitals, Hardware.T4, backlog)];
        foreach (var day in days)
        {
            day.Reconciled.GivenUp.ShouldBe(0);
            page.ShouldContain(RowOf(backlog > 0 ? ScalingTables.OfBacklogs("", [day]) : ScalingTables.OfDays("", [day], Prices)));
            page.ShouldContain(RowOf(ScalingTables.OfWaits("", [day], Prices)));
        }
        return days;
    }

    private static string RowOf(FigureTable table) => table.ToMarkdown().Split('\n')[2];

    private static DayFigures Day(int hospitals, Hardware hardware, int backlog, JobSettings? settings = null)
    {
        var pattern = new ArrivalPattern(hospitals) { Backlog = backlog };
        if (!Intakes.TryGetValue((hospitals, backlog), out var intake))
            Intakes[(hospitals, backlog)] = intake = new IntakePool().Take(pattern.Draw(Seed));
        return DayFigures.Run(pattern, intake, hardware, settings ?? JobSettings.Default, new ServiceTimes(), Seed);
    }

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

    /// <summary>The text of one module of the template.</summary>
    private static string Module(string name)
    {
        SkipWithoutTemplate();
        var template = File.ReadAllText(Template);
        var start = template.IndexOf($"\nmodule {name} ", StringComparison.Ordinal);
        start.ShouldBeGreaterThanOrEqualTo(0, $"no module '{name}'");
        return template[start..template.IndexOf("\n}\n", start, StringComparison.Ordinal)];
    }

    /// <returns>What stands behind the name, which must be there once.</returns>
    private static string ValueIn(string text, string name) =>
        text.Split('\n').Select(line => line.Trim()).Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim().Trim('\'').TrimEnd(',');

    /// <returns>Seconds between two times of the schedule.</returns>
    private static double PeriodOf(string schedule, bool isCron = false)
    {
        SkipWithoutTemplate();
        var times = CronExpression.Parse(isCron ? schedule : ValueIn(File.ReadAllText(Template), schedule), CronFormat.IncludeSeconds)
            .GetOccurrences(DateTime.UnixEpoch, DateTime.UnixEpoch.AddDays(3)).Take(200).ToList();
        return times.Zip(times.Skip(1), (one, next) => (next - one).TotalSeconds).Distinct().ShouldHaveSingleItem();
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

    [GeneratedRegex(@"(?<hours>\d+) hours \(`replicaTimeout`\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Timeout();

    [GeneratedRegex("`(?<name>\\w+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Names();
}
