using System.CommandLine;

namespace CtSeg.Local.Identity;

/// <summary>The options of <c>up</c> and <c>demo</c> that take keys away.</summary>
internal static class IdentityOptions
{
    private const int UsualSeconds = 3600;
    private const int LeastSeconds = 10;
    private const int MostSeconds = 86_400;

    public static Option<bool> CreateSwitch() => new("--identity")
    {
        Description = "Without any key: programs enter storage and Service Bus with tokens of an identity, as in Azure (Linux only).",
    };

    public static Option<int> CreateSeconds()
    {
        var seconds = new Option<int>("--token-seconds")
        {
            Description = $"Life of such a token ({LeastSeconds} to {MostSeconds}).", HelpName = "S", DefaultValueFactory = _ => UsualSeconds,
        };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < LeastSeconds or > MostSeconds)
                result.AddError($"{seconds.Name} must be between {LeastSeconds} and {MostSeconds}.");
        });
        return seconds;
    }

    public static void Require(Command command, Option<bool> identity, Option<int> seconds) => command.Validators.Add(result =>
    {
        if (!result.GetValue(identity) && result.GetResult(seconds) is { Implicit: false })
            result.AddError($"{seconds.Name} goes with {identity.Name} only.");
    });

    /// <returns>Null where programs have keys.</returns>
    public static TimeSpan? LifetimeOf(ParseResult result, Option<bool> identity, Option<int> seconds) =>
        result.GetValue(identity) ? TimeSpan.FromSeconds(result.GetValue(seconds)) : null;
}
