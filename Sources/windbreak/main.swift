print("windbreak")
