using System.CommandLine;
using CtSeg.Configuration;

namespace CtSeg.Local.Scaling;

/// <summary>What the verb was asked, checked.</summary>
/// <param name="Hospitals">Null: the command's own.</param>
/// <param name="Hardware">At least one.</param>
internal sealed record ScalingRequest(
    IReadOnlyList<int>? Hospitals, IReadOnlyList<Hardware> Hardware, ArrivalPattern Pattern, JobSettings Settings, ServiceTimes Times, PriceList Prices, int Seed);

/// <summary>The options of <c>scaling</c> and its commands.</summary>
internal sealed class ScalingOptions
{
    private const int MaxHospitals = 5000;

    private readonly Option<int[]> _hospitals = Checked(new Option<int[]>("--hospitals")
    {
        Description = $"Hospitals that share one system, 1 to {MaxHospitals}; several numbers give several days.", HelpName = "N", AllowMultipleArgumentsPerToken = true,
    }, values => values.All(value => value is >= 1 and <= MaxHospitals), $"1 to {MaxHospitals} are possible");

    private readonly Option<string[]> _hardware = new Option<string[]>("--hardware")
    {
        Description = "What executions run on; cpu and t4 unless given.", AllowMultipleArgumentsPerToken = true,
    }.AcceptOnlyFromAmong([.. Scaling.Hardware.All.Select(hardware => hardware.Name)]);

    private readonly Option<int> _seed = new("--seed") { Description = "Of the draws.", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<int> _backlog = AtLeast("--backlog", 0, 0, "Slices of old studies that one hospital uploads at ten o'clock.", 1_000_000);
    private readonly Option<double?> _secondsPerSlice = Positive("--seconds-per-slice", "Instead of the hardware's own.");
    private readonly Option<int> _messages = AtLeast("--messages-per-execution", JobSettings.Default.MessagesPerExecution, 1, "Waiting messages for which one more execution is started.", 100_000);
    private readonly Option<int> _batch = AtLeast("--batch", JobSettings.Default.Batch, 1, "Messages that an execution takes at a time.", 256);
    private readonly Option<int> _most = AtLeast("--max-executions", JobSettings.Default.MaxExecutions, 1, "Executions at the same time at most.", 1000);
    private readonly Option<double?> _idle = Positive("--idle-seconds", "Time without a message after which an execution ends; the template's unless given.");
    private readonly Option<int> _askAgain = AtLeast(
        "--reconcile-minutes", (int)JobSettings.Default.Reconcile.Age.TotalMinutes, 1, "Minutes after which a scan without a result is asked for again, then twice as long each time.",
        (int)SettingCatalogue.ReconcileAfter.Most.TotalMinutes);
    private readonly Option<double> _failed = Checked(
        new Option<double>("--failed-attempts") { Description = "Share of attempts that fail and are tried again, 0 to 0.5." },
        value => value is >= 0 and <= 0.5, "0 to 0.5 is possible");
    private readonly Option<double> _kills = Checked(
        new Option<double>("--kills-per-hour") { Description = "Executions killed, for each hour that one runs, 0 to 60." },
        value => value is >= 0 and <= 60, "0 to 60 is possible");

    public Option<bool> Json { get; } = new("--json") { Description = "As JSON." };

    public Option<string?> Prices { get; } = new("--prices") { Description = "Another list of prices than infra-bicep/prices.json.", HelpName = "FILE" };

    /// <summary>Each gets what it heeds: nothing that is typed is ignored.</summary>
    public void AddTo(Command days, Command search, Command costs, Command limits)
    {
        Option[] all = [_hospitals, _seed, Prices, Json];
        Option[] simulated = [_backlog, _messages, _batch, _idle, _most, _askAgain, _failed, _kills];
        Option[] hardware = [_hardware, _secondsPerSlice];
        Add(days, all, hardware, simulated);
        Add(search, all, hardware, simulated);
        Add(costs, all);
        Add(limits, all, simulated);
    }

    private static void Add(Command command, params IEnumerable<Option[]> options)
    {
        foreach (var option in options.SelectMany(some => some))
            command.Add(option);
    }

    public ScalingRequest Read(ParseResult parsed, PriceList prices)
    {
        var names = parsed.GetValue(_hardware) is { Length: > 0 } given ? given : [Scaling.Hardware.Cpu.Name, Scaling.Hardware.T4.Name];
        Hardware[] hardware = [.. Scaling.Hardware.All
            .Where(known => names.Contains(known.Name))
            .Select(known => parsed.GetValue(_secondsPerSlice) is { } seconds ? known with { SecondsPerSlice = seconds } : known)];
        var settings = new JobSettings(
            parsed.GetValue(_messages), parsed.GetValue(_batch), parsed.GetValue(_idle) ?? JobSettings.Default.IdleSeconds, parsed.GetValue(_most))
        {
            Reconcile = JobSettings.Default.Reconcile with { Age = TimeSpan.FromMinutes(parsed.GetValue(_askAgain)) },
        };
        var times = new ServiceTimes { FailedAttempts = parsed.GetValue(_failed), KillsPerHour = parsed.GetValue(_kills) };
        var pattern = new ArrivalPattern(1) { Backlog = parsed.GetValue(_backlog) };
        var hospitals = parsed.GetValue(_hospitals) is { Length: > 0 } counts ? counts : null;
        return new ScalingRequest(hospitals, hardware, pattern, settings, times, prices, parsed.GetValue(_seed));
    }

    private static Option<int> AtLeast(string name, int otherwise, int least, string description, int most) => Checked(
        new Option<int>(name) { Description = $"{description} {otherwise} unless given.", DefaultValueFactory = _ => otherwise, HelpName = "N" },
        value => value >= least && value <= most, $"{least} to {most} is possible");

    private static Option<double?> Positive(string name, string description) => Checked(
        new Option<double?>(name) { Description = description, HelpName = "SECONDS" },
        value => value is null or >= 0.001 and <= 86_400, "0.001 to 86400 is possible");

    private static Option<T> Checked<T>(Option<T> option, Func<T, bool> holds, string otherwise)
    {
        option.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<T>() is not { } value || holds(value))
                return;
            result.AddError($"{option.Name} is {string.Join(", ", result.Tokens.Select(token => token.Value))}; {otherwise}.");
        });
        return option;
    }
}
