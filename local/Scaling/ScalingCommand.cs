using System.CommandLine;
using System.Text.Json;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using Spectre.Console;

namespace CtSeg.Local.Scaling;

/// <summary>The verb <c>scaling</c>: days of many hospitals, simulated.</summary>
internal static class ScalingCommand
{
    private const string Description = """
        Simulates days of many hospitals: how long results take, and what they cost.

        Nothing is deployed and nothing is measured: prices and limits come from infra-bicep/prices.json, the time of a slice
        on a GPU is an assumption. docs/scaling.md explains the model. The same seed gives the same figures.

        Examples:
          ./ctseg scaling                                       1, 100 and 1,000 hospitals with the template's settings
          ./ctseg scaling --hospitals 20 --hardware t4 --backlog 5000
          ./ctseg scaling search                                which settings the rule chooses; takes minutes
          ./ctseg scaling costs                                 per 1,000 slices and a month at rest
          ./ctseg scaling limits                                where one namespace and one account end
        """;

    private const int ShownCandidates = 8;
    private static readonly int[] DefaultHospitals = [1, 100, 1000];
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var options = new ScalingOptions();
        var search = new Command("search", "Tries settings and chooses by the rule in docs/scaling.md.");
        var costs = new Command("costs", "Costs per 1,000 slices and a month at rest, with the arithmetic.");
        var limits = new Command("limits", "How many hospitals one namespace, one account, one environment carry.");
        var command = new Command("scaling", Description) { search, costs, limits };
        options.AddTo(command, search, costs, limits);
        command.SetAction((parsed, _) => Run(parsed, options, Days));
        search.SetAction((parsed, _) => Run(parsed, options, Search));
        costs.SetAction((parsed, _) => Run(parsed, options, Costs));
        limits.SetAction((parsed, _) => Run(parsed, options, Limits));
        return command;
    }

    /// <summary>The tables of docs/deploy.md.</summary>
    public static IReadOnlyList<FigureTable> CostsOf(PriceList prices, int hospitals, int seed)
    {
        var pattern = new ArrivalPattern(hospitals);
        var days = new[] { Hardware.Cpu, Hardware.T4 }
            .Select(hardware => DayFigures.Run(pattern, hardware, JobSettings.Default, new ServiceTimes(), seed));
        return [CostTables.PerThousandSlices(prices, [.. days]), CostTables.AtRest(prices)];
    }

    private static Task<int> Run(ParseResult parsed, ScalingOptions options, Func<ScalingRequest, CancellationToken, ScalingAnswer> answer)
    {
        using var requests = new StopRequests();
        var stop = requests.Stop;
        try
        {
            var prices = PriceList.Read(parsed.GetValue(options.Prices) ?? Path.Combine(Checkout.Find().Root, "infra-bicep", "prices.json"));
            var given = answer(options.Read(parsed, prices), stop);
            if (parsed.GetValue(options.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(given.Figures, given.Figures.GetType(), Indented));
            else
                foreach (var table in given.Tables)
                    table.Print(AnsiConsole.Console);
            return Task.FromResult(given.Found ? ExitCodes.Success : ExitCodes.Failure);
        }
        catch (PriceListException e)
        {
            Console.Error.WriteLine($"ctseg: {e.Message}");
            return Task.FromResult(ExitCodes.Unusable);
        }
    }

    private static ScalingAnswer Days(ScalingRequest request, CancellationToken cancellationToken)
    {
        List<DayFigures> days = [];
        foreach (var hardware in request.Hardware)
            foreach (var hospitals in request.Hospitals ?? DefaultHospitals)
            {
                cancellationToken.ThrowIfCancellationRequested();
                days.Add(DayFigures.Run(request.Pattern with { Hospitals = hospitals }, hardware, request.Settings, request.Times, request.Seed));
            }
        var title = $"One working day, seed {request.Seed}";
        List<FigureTable> tables = [ScalingTables.OfDays(title, days, request.Prices)];
        if (request.Pattern.Backlog > 0)
            tables.Add(ScalingTables.OfBacklogs("Beside the backlog", days));
        tables.Add(ScalingTables.OfWaits("Longest waits, and scans asked for again", days, request.Prices));
        return new ScalingAnswer(days, tables, true);
    }

    private static ScalingAnswer Search(ScalingRequest request, CancellationToken cancellationToken)
    {
        var pattern = request.Pattern with { Hospitals = request.Hospitals?[0] ?? 100 };
        var search = new SettingsSearch(pattern, request.Hardware, request.Settings, request.Times, request.Prices, request.Seed);
        var tried = search.Try(cancellationToken);
        var chosen = SettingsSearch.Choose(tried);
        var title = chosen is null
            ? $"{pattern.Hospitals} hospitals: none of {tried.Count} is fast enough; the fastest"
            : $"{pattern.Hospitals} hospitals: the one chosen of {tried.Count}, then those that are one step from it";
        return new ScalingAnswer(new { chosen, tried }, [ScalingTables.OfCandidates(title, [.. Shown(tried, chosen).Select(search.BesideBacklog)], request.Prices)], chosen is not null);
    }

    /// <returns>The chosen one and those that differ from it in one setting by one step; where none was chosen, the fastest.</returns>
    private static IReadOnlyList<Candidate> Shown(IReadOnlyList<Candidate> tried, Candidate? chosen) =>
        chosen is null
            ? [.. tried.OrderBy(candidate => candidate.Trials.Max(trial => trial.Ordinary.All?.P95)).Take(ShownCandidates)]
            : [chosen, .. tried.Where(candidate => SettingsSearch.StepsBetween(candidate.Settings, chosen.Settings) == 1)];

    private static ScalingAnswer Costs(ScalingRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var tables = CostsOf(request.Prices, request.Hospitals?[0] ?? 100, request.Seed);
        return new ScalingAnswer(tables, tables, true);
    }

    private static ScalingAnswer Limits(ScalingRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pattern = request.Pattern with { Hospitals = request.Hospitals?[0] ?? 1000 };
        var table = LimitTable.Of(request.Prices, DayFigures.Run(pattern, Hardware.T4, request.Settings, request.Times, request.Seed));
        return new ScalingAnswer(table, [table], true);
    }

    /// <param name="Figures">For programs.</param>
    /// <param name="Found">False: no settings are fast enough.</param>
    private sealed record ScalingAnswer(object Figures, IReadOnlyList<FigureTable> Tables, bool Found);
}
