using System.CommandLine;

namespace CtSeg.TrainingJob.Letters;

/// <summary><c>ctseg-job dead-letters list | show | replay | discard</c>.</summary>
internal static class DeadLettersCommand
{
    public static Command Create() => Create(LetterAccess.RunAsync);

    /// <param name="run">Opens the places where letters lie.</param>
    public static Command Create(LetterVerb run) => new("dead-letters", """
        What was given up: messages in dead-letter queues and in the archive, uploads in poison queues, events that were not delivered,
        and scans that failed for a reason of ours. docs/operations.md says what to do about which cause.

        Storage and Service Bus come from the environment, or from a system that ./ctseg up runs here.

        Examples:
          dead-letters list
          dead-letters show segmentation-requests/17
          dead-letters replay --cause max-delivery-count-exceeded --dry-run
          dead-letters replay --scan 0123456789abcdef
          dead-letters discard training-requests/17 --reason "sent by hand, no request of ours"
        """)
    {
        ListLettersCommand.Create(run),
        ShowLetterCommand.Create(run),
        ReplayLettersCommand.Create(run),
        DiscardLettersCommand.Create(run),
    };
}
