using Cronos;

namespace CtSeg.Local.FunctionsHost;

/// <summary>An NCRONTAB expression of six fields (second first), in UTC.</summary>
internal sealed class TimerSchedule
{
    private readonly CronExpression _expression;

    /// <exception cref="FunctionAppException">Not an NCRONTAB expression of six fields.</exception>
    public TimerSchedule(string function, string expression)
    {
        try
        {
            _expression = CronExpression.Parse(expression, CronFormat.IncludeSeconds);
        }
        catch (CronFormatException e)
        {
            throw new FunctionAppException($"{function}/function.json: the schedule '{expression}' is no NCRONTAB expression of six fields ({{second}} {{minute}} {{hour}} {{day}} {{month}} {{day-of-week}}): {e.Message}", e);
        }
    }

    /// <summary>The first time after <paramref name="after"/>; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) =>
        _expression.GetNextOccurrence(after.UtcDateTime) is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null;
}
