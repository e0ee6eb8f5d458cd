//! A listener who has just installed it, and tries the demo.

use super::driver::Driver;

/// From the welcome to Home: the demo, a phone number, the code from its SMS.
pub fn try_the_demo(screen: &Driver) {
    ask_for_the_code(screen);
    enter_the_code(screen);
}

pub fn ask_for_the_code(screen: &Driver) {
    screen.button("Try the demo").click();
    screen.field("Phone number").type_in("9876543210");
    screen.button("Send the code").click();
    screen.button("Fill in").wait();
}

/// Types what the SMS says, digit by digit.
pub fn enter_the_code(screen: &Driver) {
    let sms = screen.part("[role=status] p").text();
    screen.press(sms.trim_start_matches("SMS of the demo: "));
    screen.part("main h2").wait();
}
